// SPDX-License-Identifier: LGPL-2.1-or-later
// The end of the pipeline: an appsink that turns text buffers into captions in running time.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "captions/caption.h"
#include "gst_ptr.h"

namespace npu::subtitle {

// Running time is the time in the file that a player shows: it starts with the medium in MPEG-TS,
// and it counts the empty part of an MP4 edit list and the late start of a Matroska track.
class CaptionSink {
 public:
  CaptionSink();
  CaptionSink(const CaptionSink&) = delete;
  CaptionSink& operator=(const CaptionSink&) = delete;

  // Owned by this object as well as by the bin it is put into.
  GstElement* element() const { return element_.get(); }

  // Forgets everything; while no data flow.
  void reset();

  // Up to where the text is settled. Any thread.
  int64_t position_ns() const { return position_ns_; }
  // The language tag of the text; empty before it comes. Any thread.
  std::string language() const;
  // What came; after the end of the stream.
  std::vector<captions::Caption> take_captions();

 private:
  static GstFlowReturn on_sample(void* appsink, void* self);
  static GstPadProbeReturn on_event(GstPad* pad, GstPadProbeInfo* info, void* self);
  void add(GstSample* sample);
  void note(GstPad* pad, GstEvent* event);

  gst::ObjectPtr<GstElement> element_;
  std::atomic<int64_t> position_ns_{0};
  mutable std::mutex mutex_;  // guards the rest; nothing is called while it is held
  std::vector<captions::Caption> captions_;
  std::string language_;
};

}  // namespace npu::subtitle
