#ifndef LEADLINE_CSHIMS_ENSEMBLE_PLAN_H
#define LEADLINE_CSHIMS_ENSEMBLE_PLAN_H
#include <stdint.h>

// The packed ensemble's records, laid out once so that every kernel reads the same bytes.

// Rows are scored in passes of at most CShimsRowsMax. A pass's codes are one byte a row and code column, column after
// column: row r of column c is byte c * CShimsRowsMax + r.
enum { CShimsRowsMax = 512 };

// Trees across -----------------------------------------------------------------------------------------------------
//
// Trees for a few rows: the lanes of a register are 64 trees, and a row's codes the table they look up. A tree's leaves
// are numbered so that each node has its smaller side first; a row that goes to the larger side clears the bits of the
// smaller; the exit leaf is the lowest bit left. Bits are kept in planes of eight leaves, a byte a row. A group of 64 trees has the planes of each tree, and a plane has slots,
// each with one node of every tree that has another to clear in it: three registers, which are
//
//   byte t of the first:  the place of tree t's column in the table, 64 more where a row is cleared whose code is not above the key
//   byte t of the second: the key
//   byte t of the third:  the bits that a row clears; 0 if the tree has no such node
//
// A table holds 64 columns. With more, there are two tables, which share most columns; a plane has slots for the first,
// then slots for the second. Groups follow each other, a group's last plane first.
//
// Where all trees of a group are oblivious (all nodes of a level share one test), a slot has a level of each, and the bits
// "cleared" by a row whose code is above are its exit leaf's number: the last level's is the lowest. All slots are plane 0's.
//
// Nodes that look a category up need no slots. The classes of a feature's categories are few, and each clears the same
// bits in every row: so these are kept ready, for each group and class a byte a plane and tree.

enum { CShimsTreeLanes = 64, CShimsLaneColumnsMax = 128, CShimsLanePlanesMax = 32, CShimsLaneCategoriesMax = 32 };
enum { CShimsClassesPerColumn = 63 };

// A feature's classes. Code k of its code column c is class 63 c + k; code 63 says that another column has the class.
typedef struct {
    uint32_t firstColumn;
    uint32_t columnCount;
    uint32_t firstClass;  // numbers of its classes among those of all features
    uint32_t lastClass;
} CShimsLaneCategories;

typedef struct {
    uint64_t slotOffset;  // of the group's first slot among all slots, in bytes
    uint64_t leafOffset;  // of its first tree's first leaf, in values; a tree's leaves are leafStride after the last one's
    uint64_t classOffset; // of the first class's first plane, in bytes; a plane has 64, a class planeCount planes
    uint32_t leafStride;
    uint32_t treeCount;
    uint32_t planeCount;
    uint32_t isOblivious;
    uint16_t slotCounts[CShimsLanePlanesMax][2];  // by plane and table
} CShimsLaneGroup;

typedef struct {
    const CShimsLaneGroup *groups;
    const uint8_t *slots;
    const void *leaves;       // floats or doubles
    const uint32_t *outputs;      // by tree
    const uint8_t *tableColumns;  // the columns of the first table's 64 places, then of the second's
    const CShimsLaneCategories *categories;
    const uint8_t *classes;
    uint32_t groupCount;
    uint32_t columnCount;
    uint32_t outputCount;
    uint32_t categoryCount;
} CShimsLaneForest;

// Codes ----------------------------------------------------------------------------------------------------------

// One code column that is filled from a rank; a value that is special here has a code of its own.
typedef struct {
    uint32_t place;        // column * CShimsRowsMax
    uint32_t zeroSpecial;  // 1: zero (at most 1e-35f in size) is special, and so is NaN; 0: NaN alone
    uint32_t specialCode;
    uint32_t unused;
    const uint8_t *bases;  // by bucket: how many thresholds lie in the buckets below; then what NaN means, and zero
} CShimsRankColumn;

// Finds a value's rank among a feature's thresholds: how many of them it has passed. NaN, which no value passes, fills
// tables up.
//
// A float finds its rank by buckets, a double by halves among `doubles`. `bucket(x)` is monotone: (y - low) * scale, where y is x or its key as a float,
// kept between 0 and bucketCount - 1 and rounded to a whole number. A column's `bases` say how many thresholds lie in the
// buckets below; those in the bucket itself, at most `compareCount`, are compared. NaN and zero have the two buckets after
// the last. A key is a float's bits as an int32 that orders alike; `keys` are those of the
// least values that pass each threshold, filled up with the largest.
typedef struct {
    const int32_t *keys;
    const double *doubles;
    const CShimsRankColumn *columns;
    uint32_t feature;
    uint32_t thresholdCount;
    uint32_t paddedCount;  // thresholds with filling: a power of two, at least 16
    uint32_t columnCount;
    uint32_t zeroSpecial;  // 1 if it is to any column
    uint32_t bucketCount;
    uint32_t compareCount;
    uint32_t bucketsByKey;  // 1: buckets are of equal width in keys; 0: in values
    float low;
    float scale;
    const struct CShimsRankLookups *lookups;  // for 64 rows at a time; null where the kernel has none
} CShimsRanker;

// The same with 256 buckets, for tables that are looked up in registers: by bucket the first column's base, and then, as
// often as keys are compared, the lowest bytes of the next key, the second ones, the third and the highest. Bucket 254 is
// NaN's and 255 zero's; their keys are the largest, which no key passes.
typedef struct CShimsRankLookups {
    const uint8_t *tables;
    uint32_t compareCount;
    uint32_t isByKey;
    float low;
    float scale;
} CShimsRankLookups;

#endif
