#ifndef LEADLINE_CSHIMS_SLICED_PLAN_H
#define LEADLINE_CSHIMS_SLICED_PLAN_H
#include <stdint.h>

// The packed ensemble in slices: what the sliced kernel reads, whatever its instruction set.
//
// A row is one bit. A mask says of each row of a pass whether it passes a test ("its code in this column is above j", "its
// category is in this set"); it takes 64 bytes for the 512 rows of a pass. Which bit is which row depends on the
// kernel's registers and never leaves it. Masks of all tests that any tree has are made once a pass.
//
// A tree then hands its rows down: a slot holds the rows that reach a node. A step takes a node's rows apart: those that
// pass its test go to one slot, the others to another. A twig is a node with two leaves: its rows stay together, and
// only the lowest bit of their exit code is told by its test. At the end a slot holds the rows of two leaves, code 2 s
// and 2 s + 1 for slot s of the tree, and the slots' numbers give the other bits.
//
//          n0              slots: 0 root. step n0: passing rows to slot 1, others stay in 0.
//        /    \                   twig n1 (slot 0): codes 0, 1.   twig n2 (slot 1): codes 2, 3.
//      n1      n2
//     /  \    /  \         A leaf beside an inner node is single. Singles are paired: the first of a pair has a slot s of its
//    0    1  2    3        own, the second a partner slot behind the tree's slots, which is at last poured into s.
//
// Several trees go side by side, a group: their steps come level by level, their twigs and pairs in turn, so that none
// waits for the one before, and a group's loops end once. Behind a tree's slots and partners one slot takes the lowest
// bits of its exit codes.
//
// An oblivious tree (all nodes of a level share one test) needs no slots: its levels' masks are its exit code's bits.

enum { CShimsMaskBytes = 64, CShimsSlotsPerBlock = 16, CShimsSlotsMax = 1024, CShimsStepsAhead = 12 };

// Slots are counted from the first of the group; places are in bytes, CShimsMaskBytes a slot or mask.
typedef struct {
    uint32_t reach;   // the rows that reach the node
    uint32_t stays;   // where those go that fail the test
    uint32_t passes;  // where those go that pass it
    uint32_t mask;    // the test's mask
} CShimsStep;

typedef struct {
    uint32_t reach;   // the rows that reach the node
    uint32_t lowest;  // where those are added that pass the test
    uint32_t mask;    // the test's mask
} CShimsTwig;

typedef struct {
    uint32_t slot;     // where the partner's rows are added
    uint32_t partner;
    uint32_t lowest;   // where they are added, too
} CShimsPair;

// How a tree's leaves are stored, by exit code.
typedef enum {
    CShimsSlicedFloats = 0,     // a float each
    CShimsSlicedDoubles = 1,    // a double each
    CShimsBytesOfFloats = 2,    // for 32 codes or 64, their lowest bytes, then their second, ..., then a float each
    CShimsBytesOfDoubles = 3,   // the same of doubles
} CShimsSlicedLeafForm;

typedef struct {
    uint64_t leafOffset;     // in bytes
    uint32_t firstSlot;      // place of the tree's slots
    uint32_t lowestSlot;     // place of its exit codes' lowest bits
    uint32_t firstLevel;     // of an oblivious tree, among the levels: the last level's mask, that of the one above, ...
    uint16_t levelCount;     // of an oblivious tree; 0 for others
    uint16_t blockCount;     // of 16 slots, so 32 codes; 1 ... 8, a power of two
    uint16_t leafForm;
    uint16_t exitsAsBefore;  // 1: the same tests as the tree before, with other leaves
    uint32_t output;
} CShimsSlicedTree;

// Steps, twigs, pairs, and slots that start without a row.
typedef struct {
    uint32_t firstTree, treeCount;
    uint32_t firstStep, stepCount;
    uint32_t firstTwig, twigCount;
    uint32_t firstPair, pairCount;
    uint32_t firstEmpty, emptyCount;
} CShimsSlicedGroup;

// The tests of a code column: mask firstMask + j is "code above j", for j below the count.
typedef struct {
    uint32_t column;
    uint32_t firstMask;
    uint32_t count;  // 1 ... 255
} CShimsSlicedColumn;

// Tests of category: a set of codes 0...62 for each code column of the feature; 63 stands for another column's. Codes go
// by fours: for each four, sixteen masks say "code in this set of the four", and number (16 c + f) * 16 + s is that of
// column c, four f and set s, a bit a code. The mask of a test is several of those, its entries, or'ed.
typedef struct {
    uint32_t firstColumn;
    uint32_t columnCount;  // 1 ... 4
    uint32_t firstRun;
    uint32_t runCount;
} CShimsSlicedCategories;

// Tests of equally many entries, and their masks, one after the other.
typedef struct {
    uint64_t firstEntry;
    uint32_t firstMask;
    uint32_t testCount;
    uint32_t entryCount;  // of each
    uint32_t isInverted;  // 1: the mask is of the rows that the entries do not have
} CShimsSlicedRun;

typedef struct {
    const CShimsSlicedColumn *columns;
    const CShimsSlicedCategories *categories;
    const CShimsSlicedRun *runs;
    const uint16_t *entries;
    const CShimsSlicedGroup *groups;
    const CShimsSlicedTree *trees;
    const CShimsStep *steps;
    const CShimsTwig *twigs;
    const CShimsPair *pairs;
    const uint32_t *empties;  // places of slots
    const uint32_t *levels;   // places of masks
    const uint8_t *leaves;
    uint32_t columnCount;
    uint32_t categoryCount;
    uint32_t maskCount;
    uint32_t unused;
} CShimsSlicedForest;

#endif
