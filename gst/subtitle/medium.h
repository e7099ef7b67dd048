// SPDX-License-Identifier: LGPL-2.1-or-later
// The beginning of the pipeline: uridecodebin3 that decodes one audio track of a file.
#pragma once

#include <gst/gst.h>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "subtitle/audio_tracks.h"
#include "subtitle/failure.h"
#include "subtitle/owned.h"

namespace npu::subtitle {

// Lives in a bin, from READY to READY, for one file. Nothing but the chosen track is decoded.
class Medium {
 public:
  // Puts the source into `bin`; its audio will be linked to `sink`. track: from 1, 0 for the first.
  Medium(GstBin* bin, GstPad* sink, const std::string& file, int track);
  // Stops the source and takes it out again.
  ~Medium();
  Medium(const Medium&) = delete;
  Medium& operator=(const Medium&) = delete;

  // What can be said of the tracks once the file has shown them: why there is nothing to decode.
  std::optional<Failure> track_failure() const;
  // The chosen track, empty before it is known.
  std::string track_description() const;

 private:
  static int on_select_stream(GstElement*, GstStreamCollection* collection, GstStream* stream,
                              Medium* self);
  static void on_pad_added(GstElement*, GstPad* pad, Medium* self);
  size_t chosen_index() const { return track_ > 0 ? static_cast<size_t>(track_) - 1 : 0; }

  GstBin* const bin_;
  OwnedObject<GstPad> sink_;
  const std::string file_;
  const int track_;
  GstElement* source_;  // owned by the bin
  mutable std::mutex mutex_;
  std::vector<AudioTrack> tracks_;  // guarded by mutex_
  bool tracks_known_ = false;       // guarded by mutex_
};

}  // namespace npu::subtitle
