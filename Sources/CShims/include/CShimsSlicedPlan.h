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

enum { CShimsMaskBytes = 64, CShimsSlotsPerBlock = 16, CShimsSlotsMax = 1024, CShimsStepsAhead = 12 };

// Slots are counted from the first of the group; where bytes are meant, a slot or mask takes CShimsMaskBytes.
typedef struct {
    uint32_t reach;   // the slot of the rows that reach the node, in bytes
    uint32_t stays;   // where those go that fail the test, in bytes
    uint32_t passes;  // where those go that pass it, in bytes
    uint32_t mask;    // the test's mask, in bytes
} CShimsStep;

typedef struct {
    uint32_t reach;  // in bytes
    uint32_t mask;   // in bytes
} CShimsTwig;

// How a tree's leaves are stored, by exit code.
typedef enum {
    CShimsSlicedFloats = 0,     // a float each
    CShimsSlicedDoubles = 1,    // a double each
    CShimsBytesOfFloats = 2,    // for 32 codes or 64, their lowest bytes, then their second, ...
    CShimsBytesOfDoubles = 3,
} CShimsSlicedLeafForm;

typedef struct {
    uint64_t leafOffset;      // in bytes
    uint32_t firstTwig;
    uint16_t twigCount;
    uint16_t firstSlot;
    uint16_t blockCount;      // of 16 slots, so 32 codes; 1 ... 8, a power of two
    uint16_t usedSlotCount;   // the others of the blocks have no rows
    uint16_t pairSlot;        // the first slot that has a partner to be poured into it
    uint16_t partnerSlot;     // the first partner; the pairs' slots follow each other on both sides
    uint16_t pairCount;
    uint16_t leafForm;
    uint32_t output;
    uint16_t exitsAsBefore;   // 1: the same tests as the tree before, with other leaves
    uint16_t isOblivious;     // 1: all nodes of a level share one test; the twigs' masks are the code's bits, lowest first
} CShimsSlicedTree;

typedef struct {
    uint32_t firstTree;
    uint32_t treeCount;
    uint32_t firstStep;
    uint32_t stepCount;
} CShimsSlicedGroup;

// The tests of a code column: mask firstMask + j is "code above j", for j below the count.
typedef struct {
    uint32_t column;
    uint32_t firstMask;
    uint32_t count;  // 1 ... 255
} CShimsSlicedColumn;

// A test of category: the mask of rows whose code is in any of the columns' sets.
typedef struct {
    uint32_t firstColumn;
    uint32_t columnCount;
    uint32_t firstSet;
    uint32_t mask;
} CShimsSlicedSet;

typedef struct {
    const CShimsSlicedColumn *columns;
    const CShimsSlicedSet *sets;
    const uint64_t *setBits;
    const CShimsSlicedGroup *groups;
    const CShimsSlicedTree *trees;
    const CShimsStep *steps;
    const CShimsTwig *twigs;
    const uint8_t *leaves;
    uint32_t columnCount;
    uint32_t setCount;
    uint32_t maskCount;
    uint32_t unused;
} CShimsSlicedForest;

#endif
