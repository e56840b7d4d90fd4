#include "CVectorsAVX512.h"
