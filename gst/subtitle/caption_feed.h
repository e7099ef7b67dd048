// SPDX-License-Identifier: LGPL-2.1-or-later
// Finished captions as a text stream: an appsrc that muxers and overlays can pull from.
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>
#include <vector>

#include "captions/caption.h"
#include "gst_ptr.h"

namespace npu::subtitle {

// text/x-raw, utf8, with PTS and duration in running time. All of it is queued at once, so whoever
// takes it never waits: no gaps are needed between captions.
class CaptionFeed {
 public:
  // `captions` as shown_captions() gives them. `track_language` (a code, may be empty) tags the
  // stream with language and title; nullopt for text that becomes part of another stream.
  CaptionFeed(const std::vector<captions::Caption>& captions,
              const std::optional<std::string>& track_language);
  CaptionFeed(const CaptionFeed&) = delete;
  CaptionFeed& operator=(const CaptionFeed&) = delete;

  // Owned by this object as well as by the bin it is put into.
  GstElement* element() const { return element_.get(); }

 private:
  gst::ObjectPtr<GstElement> element_;
};

}  // namespace npu::subtitle
