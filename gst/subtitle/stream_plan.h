// SPDX-License-Identifier: LGPL-2.1-or-later
// How a stream gets from one container into another without being encoded again.
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>

#include "gst_ptr.h"

namespace npu::subtitle {

struct StreamPlan {
  GstPadTemplate* entry;  // of the muxer; lives as long as its factory
  std::string parser;     // factory between the two; empty: none is needed
  bool unescape = false;  // text comes as Pango markup, and goes as plain text
};

// nullopt if the muxer cannot hold a stream of these caps.
std::optional<StreamPlan> plan_stream(GstCaps* caps, GstElement* muxer);

// "audio track (MPEG-4 AAC)": what people call a stream of these caps.
std::string stream_name(GstCaps* caps);

// A subtitle's text as Matroska and MP4 keep it: entities of Pango markup become characters.
// Markup itself (<i>) stays, since SubRip has it as well.
std::string unescaped(std::string text);

}  // namespace npu::subtitle
