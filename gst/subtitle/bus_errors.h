// SPDX-License-Identifier: LGPL-2.1-or-later
// What went wrong in the pipeline, as one line and an exit code.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

#include "subtitle/failure.h"

namespace npu::subtitle {

// Collects what GStreamer says is missing, and explains its errors. One thread.
class BusErrors {
 public:
  // Takes note of a missing-plugin message. Returns whether it was one.
  bool note_missing_plugin(GstMessage* message);
  bool any_missing_plugin() const { return !missing_.empty(); }

  // The failure behind an ERROR message. `whisper` tells the element's own errors from those of the
  // medium (null: there is none), `file` is named in the line.
  Failure explain(GstMessage* error, GstElement* whisper, const std::string& file) const;
  // The failure for a medium that the installed plugins cannot decode.
  Failure missing_decoder(const std::string& file) const;

  void clear() { missing_.clear(); }

 private:
  std::vector<std::string> missing_;  // "MPEG-4 AAC decoder (Debian: gstreamer1.0-libav)"
};

}  // namespace npu::subtitle
