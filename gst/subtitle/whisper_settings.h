// SPDX-License-Identifier: LGPL-2.1-or-later
// The options of the command as properties of the npuwhisper element.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "subtitle/command_line.h"
#include "subtitle/failure.h"

namespace npu::subtitle {

// What is set for these options, in this order: of a property that comes twice the last one counts.
std::vector<ElementSetting> settings_of(const CommandLine& options);

// Sets the properties that the user gave. Failures: kUsage (a value out of the property's range, an
// unknown language, a property that the element lacks).
Done apply_settings(const CommandLine& options, GstElement* whisper);

}  // namespace npu::subtitle
