// SPDX-License-Identifier: LGPL-2.1-or-later
// A copy of a medium with its finished captions: as a track more, or in its picture.
//
//   filesrc ! parsebin ! multiqueue ! [parser] ! muxer ! filesink      each stream, as it is
//   appsrc (captions) ! muxer                                          embedding
//   video ! decodebin ! textoverlay (captions) ! x264enc ! muxer       burning
//
// The captions are all there before it begins, so no branch can wait for them.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "captions/caption.h"
#include "gst_ptr.h"
#include "subtitle/burn_bin.h"
#include "subtitle/bus_errors.h"
#include "subtitle/caption_feed.h"
#include "subtitle/container.h"
#include "subtitle/failure.h"
#include "subtitle/held_stream.h"
#include "subtitle/report.h"
#include "subtitle/stop_request.h"
#include "subtitle/stream_plan.h"

namespace npu::subtitle {

struct RemuxRequest {
  std::string input;
  std::filesystem::path written;  // what is written: a temporary name
  std::filesystem::path shown;    // what it will be called, for errors
  Container container;
  std::optional<BurnSettings> burn;  // into the picture; else a track more
  captions::Transcript transcript;
};

// For one run. One thread.
class RemuxPipeline {
 public:
  // Failures: kMissingDecoder (an element is not installed).
  static Outcome<std::unique_ptr<RemuxPipeline>> create(RemuxRequest request);
  ~RemuxPipeline();
  RemuxPipeline(const RemuxPipeline&) = delete;
  RemuxPipeline& operator=(const RemuxPipeline&) = delete;

  // Writes the file to its end, and shows how far it is. Streams that the container cannot hold are
  // left out and named. Failures: kInput (not media; no picture to burn into), kMissingDecoder,
  // kOutput (no space left), those of `stop`.
  Done run(const StopRequest& stop, FileReport& report);

 private:
  explicit RemuxPipeline(RemuxRequest request);
  Done build();
  static void on_pad_added(GstElement*, GstPad* pad, RemuxPipeline* self);
  static GstPadProbeReturn on_text(GstPad*, GstPadProbeInfo*, void* self);
  void announce(const char* what);

  Done handle(GstMessage* message, FileReport& report);
  Failure explain(GstMessage* error) const;
  bool all_streams_known();
  Done connect(FileReport& report);
  Done connect_stream(const HeldStream& stream, FileReport& report);
  Done connect_burning(const HeldStream& stream);
  Done connect_text(GstPad* target);
  Done into_muxer(GstPad* from, GstPadTemplate* entry);
  GstPad* through(GstPad* from, GstElement* element);
  void leave_out(GstPad* pad);
  void let_flow();

  const RemuxRequest request_;
  const std::vector<captions::Caption> captions_;
  gst::ObjectPtr<GstElement> pipeline_;
  GstElement* queue_ = nullptr;  // these are owned by the pipeline
  GstElement* muxer_ = nullptr;
  GstElement* sink_ = nullptr;
  std::unique_ptr<CaptionFeed> feed_;
  BusErrors errors_;
  bool connected_ = false;
  bool flows_ = false;
  bool burned_ = false;
  size_t kept_ = 0;  // streams of the medium in the copy
  std::atomic<int64_t> position_ns_{0};
  std::mutex mutex_;  // guards the list, which grows until its streams are known
  std::list<HeldStream> streams_;
};

}  // namespace npu::subtitle
