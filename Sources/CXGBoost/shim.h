#ifndef LEADLINE_CXGBOOST_SHIM_H
#define LEADLINE_CXGBOOST_SHIM_H
#include <xgboost/c_api.h>
#endif
