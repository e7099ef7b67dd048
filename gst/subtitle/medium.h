// SPDX-License-Identifier: LGPL-2.1-or-later
// The beginning of the pipeline: filesrc ! decodebin, of which one audio track is used.
#pragma once

#include <gst/gst.h>

#include <mutex>
#include <optional>
#include <string>

#include "gst_ptr.h"
#include "subtitle/command_line.h"
#include "subtitle/failure.h"

namespace npu::subtitle {

// Lives in a bin for one file. Decodes no video; audio tracks that nobody asked for end at their
// first buffer.
class Medium {
 public:
  // Puts source and decoder into `bin`; the audio will be linked to `sink`. track: from 1, 0 for
  // the first. With a range, sound comes only after seek(). The bin's state is READY or below.
  Medium(GstBin* bin, GstPad* sink, const std::string& file, int track, const TimeRange& range);
  // Stops them and takes them out again.
  ~Medium();
  Medium(const Medium&) = delete;
  Medium& operator=(const Medium&) = delete;

  // Why there is nothing to hear, once the file has shown its tracks.
  std::optional<Failure> track_failure() const;

  // Goes to the beginning of the range as soon as the track has sound; to be called until then, by
  // the thread that watches the pipeline. Afterwards running time 0 is the beginning of the range.
  // Failures: kInput (the medium cannot be entered in the middle).
  Done seek_when_ready();

 private:
  static void on_pad_added(GstElement*, GstPad* pad, Medium* self);
  static void on_pad_removed(GstElement*, GstPad* pad, Medium* self);
  static void on_no_more_pads(GstElement*, Medium* self);
  static GstPadProbeReturn on_buffer(GstPad* pad, GstPadProbeInfo* info, void* self);
  static GstPadProbeReturn on_blocked(GstPad* pad, GstPadProbeInfo* info, void* self);
  size_t chosen_index() const { return track_ > 0 ? static_cast<size_t>(track_) - 1 : 0; }
  void use(GstPad* pad);

  GstBin* const bin_;
  gst::ObjectPtr<GstPad> sink_;
  const std::string file_;
  const int track_;
  const TimeRange range_;
  GstElement* source_;   // owned by the bin
  GstElement* decoder_;  // owned by the bin
  gulong probe_;
  int empty_buffers_ = 0;  // in a row; of the thread that pushes
  mutable std::mutex mutex_;
  size_t tracks_ = 0;                // guarded by mutex_
  bool complete_ = false;            // guarded by mutex_
  gst::ObjectPtr<GstPad> seekable_;  // waits for the seek; guarded by mutex_
  gulong block_ = 0;                 // its probe; guarded by mutex_
  bool blocked_ = false;             // guarded by mutex_
};

}  // namespace npu::subtitle
