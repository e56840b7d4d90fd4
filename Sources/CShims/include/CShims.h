#ifndef LEADLINE_CSHIMS_H
#define LEADLINE_CSHIMS_H
// What Swift cannot reach by itself: macros, CPU features, a few instructions.
#include "LeadlineCRC32C.h"
#include "LinuxSystem.h"
#include "CShimsEnsemblePlan.h"
#include "CShimsProcessor.h"
#include "CShimsSlicedPlan.h"
#endif
