#ifndef REPRISE_CNCURSES_SHIM_H
#define REPRISE_CNCURSES_SHIM_H
#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <term.h>
#endif
