// SPDX-License-Identifier: LGPL-2.1-or-later
// The element npuwhisper in this process, on the scripted engine.
#pragma once

#include <string>

namespace npu::testing {

// Keeps gst_init() from finding the plugin's file, and its registry from mixing with the others.
// Before gst_init().
void hide_plugin();

// Registers npuwhisper with an engine that "recognises" loud stretches. After gst_init().
// `texts_file`: the n-th line, over and over, is the text of the n-th stretch ("\n" in it is a line
// end); empty: "loud N". `window_s`: audio per window. False if the file cannot be read.
bool register_scripted_element(const std::string& texts_file, double window_s);

}  // namespace npu::testing
