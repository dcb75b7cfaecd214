#ifndef REPRISE_PRODUCT_H
#define REPRISE_PRODUCT_H

#include <stdint.h>

// The product of two matrices, out [rows, columns] = left [rows, depth] * right [depth, columns].
//
// Each element is summed in one order that depends on `depth` alone: in chunks of it, each from its first product to
// its last, and the chunks one after another. It is therefore the same for any number of threads, and for any rows and
// columns beside it.

typedef struct {
    int64_t rows, columns, depth;
    /// The instruction set to use: at most `ck_isa_level()`.
    int64_t isa;
} ck_product;

/// A matrix as a product reads it, by rows or by columns: element (i, j) is values[i * row_step + j * column_step].
typedef struct {
    const float *values;
    int64_t row_step, column_step;
} ck_factor;

/// What becomes of a sum before it is stored: sum * scale + bias of its column, or, when `adds`, that much more than
/// stands there; then 0 below 0 when `rectifies`. Where `gate`, laid out like the result, is null it is left out; else
/// the result is multiplied by `gate_factor` where the gate is above 0, and is 0 elsewhere.
typedef struct {
    float *out;
    /// Floats from row to row of `out` and `gate`.
    int64_t row_step;
    float scale;
    const float *bias, *gate;
    float gate_factor;
    int adds, rectifies;
} ck_product_finish;

/// A rectangle of the result.
typedef struct { int64_t first_row, rows, first_column, columns; } ck_product_tile;

// Two loops over pieces that own what they write: first `pack`, which lays out the factor that all items read, then the
// items, each with scratch memory of its own, where it lays out its share of the other. Counts are in pieces and floats,
// and follow from the shape alone.

int64_t ck_product_packings(const ck_product *p);
int64_t ck_product_packed_count(const ck_product *p);
void ck_product_pack(const ck_product *p, int64_t index, const ck_factor *left, const ck_factor *right, float *packed);
int64_t ck_product_items(const ck_product *p);
/// What an item writes.
ck_product_tile ck_product_item_tile(const ck_product *p, int64_t item);
int64_t ck_product_scratch(const ck_product *p);
void ck_product_item(const ck_product *p, int64_t item, const ck_factor *left, const ck_factor *right,
                     const float *packed, const ck_product_finish *finish, float *scratch);

/// All of it on the calling thread, in memory for `ck_product_here_count` floats.
int64_t ck_product_here_count(const ck_product *p);
void ck_product_here(const ck_product *p, const ck_factor *left, const ck_factor *right,
                     const ck_product_finish *finish, float *memory);

/// The obvious loops, in double: the fast product's oracle.
void ck_product_plain(const ck_product *p, const ck_factor *left, const ck_factor *right,
                      const ck_product_finish *finish);

#endif
