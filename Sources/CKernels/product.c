#include "product_blocks.h"

// How a product is cut. The factor with fewer lines (rows of the left one, columns of the right one) is packed once, for
// all; of the other each item packs what it alone reads, into memory that stays in the second-level cache. There, too,
// stays a chunk of the shared factor, while a chunk of a right panel (32 KB) stays in the first-level cache as the left
// panels pass by.
enum { most_depth = 256, packing_floats = 65536, shared_lines = 896, most_left_lines = 168, most_right_lines = 128,
       enough_items = 8 };

CK_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
CK_INLINE int64_t ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }

static const ck_product_blocks *blocks_of(const ck_product *p) {
#if defined(__x86_64__)
    if (p->isa >= 2) return &ck_product_blocks_avx512;
    if (p->isa == 1) return &ck_product_blocks_avx2;
#endif
    return &ck_product_blocks_generic;
}

/// One factor: its lines, `width` of them in a panel; items read runs of panels, which differ by one panel at most.
typedef struct { int64_t lines, width, panels, runs; } ck_side;

typedef struct {
    const ck_product_blocks *blocks;
    ck_side left, right;
    int shares_left;
    int64_t depth, chunk;
    /// Panels of the shared factor in a piece of packing.
    int64_t packed;
} ck_cut;

/// Runs of at most `most` lines.
static ck_side side_of(int64_t lines, int64_t width, int64_t most) {
    ck_side s = {.lines = lines, .width = width, .panels = ceiling(lines, width)};
    s.runs = ceiling(s.panels, most < width ? 1 : most / width);
    return s;
}

/// As many runs that 2, 4 or 8 threads have equally much to do.
static void even_out(ck_side *s) {
    const int64_t even = ceiling(s->runs, enough_items) * enough_items;
    if (even <= s->panels) s->runs = even;
}

CK_INLINE int64_t first_panel(const ck_side *s, int64_t run) { return s->runs < 1 ? 0 : s->panels * run / s->runs; }
CK_INLINE int64_t most_panels(const ck_side *s) { return s->runs < 1 ? 0 : ceiling(s->panels, s->runs); }

static ck_cut cut(const ck_product *p) {
    ck_cut c = {.blocks = blocks_of(p), .shares_left = p->rows <= p->columns, .depth = p->depth};
    const int64_t height = c.blocks->rows, width = ck_product_block_vectors * c.blocks->lanes;
    if (c.shares_left) {
        c.left = side_of(p->rows, height, shared_lines);
        c.right = side_of(p->columns, width, smaller(most_right_lines, p->columns / enough_items));
        even_out(&c.right);
    } else {
        c.left = side_of(p->rows, height, smaller(most_left_lines, p->rows / enough_items));
        c.right = side_of(p->columns, width, shared_lines);
        even_out(&c.left);
    }
    const int64_t depth = p->depth < 1 ? 1 : p->depth;
    c.packed = ceiling(packing_floats, depth * (c.shares_left ? height : width));
    // All chunks alike, in whole vectors.
    c.chunk = ceiling(ceiling(depth, ceiling(depth, most_depth)), 16) * 16;
    return c;
}

static const ck_side *shared_side(const ck_cut *c) { return c->shares_left ? &c->left : &c->right; }
static const ck_side *own_side(const ck_cut *c) { return c->shares_left ? &c->right : &c->left; }

int64_t ck_product_packings(const ck_product *p) {
    const ck_cut c = cut(p);
    return ceiling(shared_side(&c)->panels, c.packed);
}

int64_t ck_product_packed_count(const ck_product *p) {
    const ck_cut c = cut(p);
    return shared_side(&c)->panels * shared_side(&c)->width * p->depth;
}

int64_t ck_product_scratch(const ck_product *p) {
    const ck_cut c = cut(p);
    return most_panels(own_side(&c)) * own_side(&c)->width * c.chunk;
}

/// `count` panels from `first` on over the depths `from` ... `from` + `length`.
static void pack_panels(const ck_cut *c, int is_left, int64_t first, int64_t count, int64_t from, int64_t length,
                        const ck_factor *factor, float *packed) {
    const ck_side *side = is_left ? &c->left : &c->right;
    const int64_t line_step = is_left ? factor->row_step : factor->column_step;
    const int64_t depth_step = is_left ? factor->column_step : factor->row_step;
    const ck_panels p = {
        .panels = smaller(count, side->panels - first),
        .lines = side->lines - first * side->width,
        .depth = length,
        .values = factor->values + first * side->width * line_step + from * depth_step,
        .line_step = line_step,
        .depth_step = depth_step,
        .packed = packed,
    };
    (is_left ? c->blocks->pack_left : c->blocks->pack_right)(&p);
}

/// Where panel `panel` of the shared factor begins for the chunk at depth `from`.
static int64_t packed_at(const ck_side *side, int64_t panel, int64_t from, int64_t length) {
    return (side->panels * from + panel * length) * side->width;
}

void ck_product_pack(const ck_product *p, int64_t index, const ck_factor *left, const ck_factor *right, float *packed) {
    const ck_cut c = cut(p);
    for (int64_t d = 0; d < p->depth; d += c.chunk) {
        const int64_t length = smaller(c.chunk, p->depth - d);
        pack_panels(&c, c.shares_left, index * c.packed, c.packed, d, length, c.shares_left ? left : right,
                    packed + packed_at(shared_side(&c), index * c.packed, d, length));
    }
}

int64_t ck_product_items(const ck_product *p) {
    const ck_cut c = cut(p);
    return c.left.runs * c.right.runs;
}

ck_product_tile ck_product_item_tile(const ck_product *p, int64_t item) {
    const ck_cut c = cut(p);
    const int64_t left = item / c.right.runs, right = item % c.right.runs;
    const int64_t row = first_panel(&c.left, left) * c.left.width;
    const int64_t column = first_panel(&c.right, right) * c.right.width;
    return (ck_product_tile){row, smaller(first_panel(&c.left, left + 1) * c.left.width, p->rows) - row, column,
                             smaller(first_panel(&c.right, right + 1) * c.right.width, p->columns) - column};
}

void ck_product_item(const ck_product *p, int64_t item, const ck_factor *left, const ck_factor *right,
                     const float *packed, const ck_product_finish *finish, float *scratch) {
    const ck_cut c = cut(p);
    const int64_t height = c.left.width, width = c.right.width;
    const int64_t first_left = first_panel(&c.left, item / c.right.runs);
    const int64_t first_right = first_panel(&c.right, item % c.right.runs);
    const int64_t lefts = first_panel(&c.left, item / c.right.runs + 1) - first_left;
    const int64_t rights = first_panel(&c.right, item % c.right.runs + 1) - first_right;
    int64_t d = 0;
    do {  // without any depth too: the finish is due
        const int64_t length = smaller(c.chunk, p->depth - d);
        const float *shared = packed + packed_at(shared_side(&c), c.shares_left ? first_left : first_right, d, length);
        const float *lefts_at = c.shares_left ? shared : scratch, *rights_at = c.shares_left ? scratch : shared;
        if (c.shares_left)
            pack_panels(&c, 0, first_right, rights, d, length, right, scratch);
        else
            pack_panels(&c, 1, first_left, lefts, d, length, left, scratch);
        ck_product_block b = {.depth = length, .finish = finish, .first = d == 0, .last = d + length == p->depth};
        for (int64_t j = 0; j < rights; j++) {
            const int64_t columns = smaller(width, p->columns - (first_right + j) * width);
            b.right = rights_at + j * width * length;
            b.column = (first_right + j) * width;
            for (int64_t i = 0; i < lefts; i++) {
                const int64_t row = (first_left + i) * height;
                b.left = lefts_at + i * height * length;
                b.at = row * finish->row_step + b.column;
                c.blocks->block[smaller(height, p->rows - row)][ceiling(columns, c.blocks->lanes)](&b, columns);
            }
        }
        d += c.chunk;
    } while (d < p->depth);
}

int64_t ck_product_here_count(const ck_product *p) {
    return ceiling(ck_product_packed_count(p), 16) * 16 + ck_product_scratch(p);
}

void ck_product_here(const ck_product *p, const ck_factor *left, const ck_factor *right,
                     const ck_product_finish *finish, float *memory) {
    float *scratch = memory + ceiling(ck_product_packed_count(p), 16) * 16;
    for (int64_t i = 0; i < ck_product_packings(p); i++) ck_product_pack(p, i, left, right, memory);
    for (int64_t i = 0; i < ck_product_items(p); i++) ck_product_item(p, i, left, right, memory, finish, scratch);
}

void ck_product_plain(const ck_product *p, const ck_factor *left, const ck_factor *right,
                      const ck_product_finish *f) {
    for (int64_t i = 0; i < p->rows; i++)
        for (int64_t j = 0; j < p->columns; j++) {
            double sum = 0;
            for (int64_t d = 0; d < p->depth; d++)
                sum += (double)left->values[i * left->row_step + d * left->column_step] *
                       right->values[d * right->row_step + j * right->column_step];
            const int64_t at = i * f->row_step + j;
            double y = sum * f->scale + (f->adds ? f->out[at] : 0) + (f->bias ? f->bias[j] : 0);
            if (f->rectifies && y < 0) y = 0;
            if (f->gate) y = f->gate[at] > 0 ? y * f->gate_factor : 0;
            f->out[at] = (float)y;
        }
}
