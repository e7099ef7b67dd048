// SPDX-License-Identifier: LGPL-2.1-or-later
// Compressed video in, the same with text in its picture out.
#pragma once

#include <gst/gst.h>

#include <string>

#include "gst_ptr.h"
#include "subtitle/failure.h"

namespace npu::subtitle {

struct BurnSettings {
  int quality = 20;  // x264's constant rate factor
  std::string font;  // a Pango description, for a picture 640 wide; empty: the default
};

// A bin with the pads "sink" (video of any codec that GStreamer decodes), "text" (text/x-raw) and
// "src" (H.264). A picture that a player would have to turn is turned. Floating, as new elements
// are. Failures: kMissingDecoder (an element is not installed).
Outcome<GstElement*> make_burn_bin(const BurnSettings& settings);

}  // namespace npu::subtitle
