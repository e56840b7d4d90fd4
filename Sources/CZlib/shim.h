#ifndef LEADLINE_CZLIB_SHIM_H
#define LEADLINE_CZLIB_SHIM_H
#include <zlib.h>
#endif
