// SPDX-License-Identifier: LGPL-2.1-or-later
// The options of the command as properties of the npuwhisper element.
#pragma once

#include <gst/gst.h>

#include "subtitle/command_line.h"
#include "subtitle/failure.h"

namespace npu::subtitle {

// Sets the properties that the user gave. Failures: kUsage (a value out of the property's range, an
// unknown language, a property that the element lacks).
Done apply_settings(const CommandLine& options, GstElement* whisper);

}  // namespace npu::subtitle
