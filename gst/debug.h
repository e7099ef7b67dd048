// SPDX-License-Identifier: LGPL-2.1-or-later
// The debug category of the element; include instead of gst/gst.h in files that log.
#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(npuwhisper_debug);
#define GST_CAT_DEFAULT npuwhisper_debug

namespace npu::gst {

// Creates the categories "npuwhisper" (element) and "npu" (engine), and sends the engine's log to
// the second. Thread-safe; later calls do nothing.
void init_debug();

}  // namespace npu::gst
