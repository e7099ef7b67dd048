// SPDX-License-Identifier: LGPL-2.1-or-later
// Stands where the AIE API's own header stands in a build for the device. Host only.
#pragma once

#include "aie_host/arithmetic.h"
#include "aie_host/lut.h"
#include "aie_host/memory.h"
#include "aie_host/mmul.h"
#include "aie_host/vector.h"
