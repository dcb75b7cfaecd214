// The block loops of products for one instruction set. The including file defines LANES and ROWS and turns the target
// on; vectors are clang's own, so that the text is the same everywhere.
//
// A block keeps ROWS x 2 vectors of sums in registers and reads two vectors and ROWS broadcast numbers for each ROWS x 2
// multiply-adds: 14 x 2 of 16 lanes reach 96 % of what a core with two FMA ports of 512 bits can do. The plain loops of
// product.c do 1-2 GFLOP/s, this 130-155 with AVX-512, packing included.
typedef float vector __attribute__((vector_size(LANES * 4)));
typedef float loaded __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t mask __attribute__((vector_size(LANES * 4)));

#define UNROLLED _Pragma("clang loop unroll(full)")
enum { panel_columns = ck_product_block_vectors * LANES };

CK_INLINE float finished(const ck_product_block *b, int64_t at, int64_t column, float sum) {
    const ck_product_finish *f = b->finish;
    float y = sum * f->scale;
    if (!b->first || f->adds) y += f->out[at];
    if (!b->last) return y;
    if (f->bias) y += f->bias[column];
    if (f->rectifies) y = y < 0 ? 0 : y;
    if (f->gate) y = f->gate[at] > 0 ? y * f->gate_factor : 0;
    return y;
}

CK_INLINE void finish(const ck_product_block *b, int64_t at, int64_t column, vector sum) {
    const ck_product_finish *f = b->finish;
    vector y = sum * f->scale;
    if (!b->first || f->adds) y += *(const loaded *)(f->out + at);
    if (b->last) {
        if (f->bias) y += *(const loaded *)(f->bias + column);
        if (f->rectifies) y = (vector)((mask)y & ~(y < (vector){0}));
        if (f->gate) y = (vector)((mask)(y * f->gate_factor) & (*(const loaded *)(f->gate + at) > (vector){0}));
    }
    *(loaded *)(f->out + at) = y;
}

CK_INLINE void product_block(const int rows, const int vectors, const ck_product_block *b, int64_t count) {
    vector sums[ROWS][ck_product_block_vectors];
    const int64_t row_step = b->finish->row_step;
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int v = 0; v < vectors; v++) {
            sums[r][v] = (vector){0};
            __builtin_prefetch(b->finish->out + b->at + r * row_step + v * LANES, 1);
        }
    const float *left = b->left, *right = b->right;
    // The same place in the next left panel, which is wanted next.
    const int64_t depth = b->depth, ahead = depth * ROWS;
    for (int64_t d = 0; d < depth; d++) {
        vector inputs[ck_product_block_vectors];
        UNROLLED for (int v = 0; v < vectors; v++) inputs[v] = *(const loaded *)(right + v * LANES);
        UNROLLED for (int r = 0; r < rows; r++) {
            const float factor = left[r];
            UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] += inputs[v] * factor;
        }
        __builtin_prefetch(left + ahead, 0, 2);
        left += ROWS;
        right += panel_columns;
    }
    const int64_t rest = count - (vectors - 1) * LANES;
    UNROLLED for (int r = 0; r < rows; r++) {
        const int64_t at = b->at + r * row_step;
        UNROLLED for (int v = 0; v < vectors - 1; v++) finish(b, at + v * LANES, b->column + v * LANES, sums[r][v]);
        const int64_t tail = (vectors - 1) * LANES;
        if (rest == LANES) {
            finish(b, at + tail, b->column + tail, sums[r][vectors - 1]);
            continue;
        }
        float values[LANES];
        *(loaded *)values = sums[r][vectors - 1];
        for (int64_t i = 0; i < rest; i++)
            b->finish->out[at + tail + i] = finished(b, at + tail + i, b->column + tail + i, values[i]);
    }
}

// Lane l of what two of LANES rows leave when the blocks of `step` lanes off their diagonal change places.
#define UPPER(l, step) (((l) & (step)) ? LANES + (l) - (step) : (l))
#define LOWER(l, step) (((l) & (step)) ? LANES + (l) : (l) + (step))
#define FOUR(f, l, step) f(l, step), f(l + 1, step), f(l + 2, step), f(l + 3, step)
#if LANES == 16
#define LANE_LIST(f, step) FOUR(f, 0, step), FOUR(f, 4, step), FOUR(f, 8, step), FOUR(f, 12, step)
#elif LANES == 8
#define LANE_LIST(f, step) FOUR(f, 0, step), FOUR(f, 4, step)
#else
#define LANE_LIST(f, step) FOUR(f, 0, step)
#endif
#define EXCHANGE(step)                                                                             \
    if (step < LANES)                                                                              \
        UNROLLED for (int i = 0; i < LANES; i++)                                                   \
            if (!(i & step)) {                                                                     \
                const vector a = v[i], c = v[(i + step) % LANES];                                  \
                v[i] = __builtin_shufflevector(a, c, LANE_LIST(UPPER, step % LANES));              \
                v[(i + step) % LANES] = __builtin_shufflevector(a, c, LANE_LIST(LOWER, step % LANES)); \
            }

CK_INLINE void transpose(vector *v) {
    EXCHANGE(1)
    EXCHANGE(2)
    EXCHANGE(4)
    EXCHANGE(8)
}

/// A square of LANES lines, of which `lines` exist, and as many depths, from column `first` of a panel on. What is
/// written behind a panel's row is written over by the next row; `ends` says that there is none.
CK_INLINE void pack_square(const int width, const int first, int64_t lines, const float *values, int64_t line,
                           int ends, float *panel) {
    const int used = width - first < LANES ? width - first : LANES;
    vector v[LANES];
    UNROLLED for (int i = 0; i < LANES; i++)
        v[i] = i < used && i < lines ? *(const loaded *)(values + i * line) : (vector){0};
    transpose(v);
    const int exact = used < LANES && width > LANES;
    UNROLLED for (int i = 0; i < LANES; i++)
        if (exact || (ends && i == LANES - 1))
            memcpy(panel + i * width, &v[i], used * sizeof(float));
        else
            *(loaded *)(panel + i * width) = v[i];
}

/// A panel whose lines are contiguous along the depth.
CK_INLINE void pack_lines(const int width, int64_t lines, int64_t depth, const float *values, int64_t line,
                          float *panel) {
    if (depth < LANES) {
        for (int64_t d = 0; d < depth; d++)
            for (int l = 0; l < width; l++) panel[d * width + l] = l < lines ? values[l * line + d] : 0;
        return;
    }
    // The last square ends where the panel does and packs some depths a second time.
    for (int64_t start = 0; start < depth; start += LANES) {
        const int64_t d = start + LANES < depth ? start : depth - LANES;
        UNROLLED for (int first = 0; first < width; first += LANES)
            pack_square(width, first, lines - first, values + first * line + d, line, d + LANES == depth,
                        panel + d * width + first);
    }
}

CK_INLINE void pack(const int width, const ck_panels *p) {
    if (p->depth_step == 1 && p->line_step != 1) {
        for (int64_t i = 0; i < p->panels; i++)
            pack_lines(width, p->lines - i * width, p->depth, p->values + i * width * p->line_step, p->line_step,
                       p->packed + i * width * p->depth);
        return;
    }
    // Whole vectors where neither what is read nor what is written leaves its row; a little of what is written behind a
    // panel's row is then written over by the next.
    const int spread = (width + LANES - 1) / LANES * LANES;
    const int64_t wide = p->line_step == 1 ? (p->lines - spread) / width + (p->lines >= spread) : 0;
    for (int64_t d = 0; d < p->depth; d++) {
        const float *row = p->values + d * p->depth_step;
        float *panel = p->packed + d * width;
        const int64_t quick = d + 1 < p->depth || spread == width ? wide : 0;
        int64_t i = 0;
        for (; i < (quick < p->panels ? quick : p->panels); i++, panel += width * p->depth)
            UNROLLED for (int first = 0; first < spread; first += LANES)
                *(loaded *)(panel + first) = *(const loaded *)(row + i * width + first);
        for (; i < p->panels; i++, panel += width * p->depth)
            for (int l = 0; l < width; l++)
                panel[l] = i * width + l < p->lines ? row[(i * width + l) * p->line_step] : 0;
    }
}

static void pack_left(const ck_panels *p) { pack(ROWS, p); }
static void pack_right(const ck_panels *p) { pack(panel_columns, p); }

#define BLOCK(rows, vectors)                                                        \
    static void block_##rows##_##vectors(const ck_product_block *b, int64_t count) { \
        product_block(rows, vectors, b, count);                                     \
    }
#define BLOCKS(rows) BLOCK(rows, 1) BLOCK(rows, 2)
#define NAMES(rows) {0, block_##rows##_1, block_##rows##_2}
#define BLOCKS_6 BLOCKS(1) BLOCKS(2) BLOCKS(3) BLOCKS(4) BLOCKS(5) BLOCKS(6)
#define NAMES_6 {0}, NAMES(1), NAMES(2), NAMES(3), NAMES(4), NAMES(5), NAMES(6)
