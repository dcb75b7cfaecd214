#ifndef REPRISE_CNCURSES_SHIM_H
#define REPRISE_CNCURSES_SHIM_H
#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <term.h>
#include <locale.h>
#include <langinfo.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

// What Swift cannot import from curses (macros, variadics, globals), as prefixed inline functions.

extern int wcwidth(wchar_t);

/// A locale whose only use is to ask for the width of characters, whatever locale the program runs in.
static inline void *reprise_new_width_locale(void) {
    return (void *)newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/// Columns a scalar takes in that locale: 0, 1 or 2; -1 for what cannot be printed.
static inline int reprise_scalar_width(uint32_t scalar, void *width_locale) {
    locale_t previous = uselocale((locale_t)width_locale);
    int width = wcwidth((wchar_t)scalar);
    uselocale(previous);
    return width;
}

/// Takes the character set of a locale ("": the environment's), and nothing else: numbers keep their decimal point.
/// Returns 1 when it is UTF-8.
static inline int reprise_use_characters_of(const char *name) {
    if (setlocale(LC_CTYPE, name) == NULL) return 0;
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static inline WINDOW *reprise_standard_screen(void) { return stdscr; }
static inline int reprise_colors(void) { return COLORS; }
static inline int reprise_color_pairs(void) { return COLOR_PAIRS; }

static inline attr_t reprise_bold(void) { return WA_BOLD; }
static inline attr_t reprise_dim(void) { return WA_DIM; }
static inline attr_t reprise_reverse(void) { return WA_REVERSE; }
static inline attr_t reprise_underline(void) { return WA_UNDERLINE; }

/// Puts one cell: a spacing character and up to four marks over it.
static inline int reprise_put(int row, int column, const wchar_t *text, attr_t attributes, int pair) {
    cchar_t cell;
    if (setcchar(&cell, text, attributes, (short)pair, NULL) == ERR) return ERR;
    return mvwadd_wch(stdscr, row, column, &cell);
}

/// Fills the screen with spaces of one look.
static inline int reprise_blank(attr_t attributes, int pair) {
    cchar_t space, plain;
    if (setcchar(&space, L" ", attributes, (short)pair, NULL) == ERR) return ERR;
    if (setcchar(&plain, L" ", A_NORMAL, 0, NULL) == ERR) return ERR;
    wbkgrndset(stdscr, &space);
    int outcome = werase(stdscr);
    wbkgrndset(stdscr, &plain);
    return outcome;
}

/// The size the terminal reports; -1 when it reports none. (term.h makes macros of `columns` and `lines`.)
static inline int reprise_terminal_size(int descriptor, int *row_count, int *column_count) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return -1;
    *row_count = size.ws_row;
    *column_count = size.ws_col;
    return 0;
}

/// A capability of the terminal as text, or NULL.
static inline const char *reprise_capability(const char *name) {
    const char *text = tigetstr(name);
    return text == (const char *)-1 ? NULL : text;
}

/// Forgets that the screen was drawn: the next refresh draws all of it.
static inline void reprise_forget_screen(void) { clearok(curscr, TRUE); }

static inline int reprise_error(void) { return ERR; }

#endif
