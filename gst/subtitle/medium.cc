// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/medium.h"

#include "subtitle/audio_tracks.h"

namespace npu::subtitle {
namespace {

constexpr int kManyEmptyBuffers = 100;

}  // namespace

Medium::Medium(GstBin* bin, GstPad* sink, const std::string& file, int track)
    : bin_(bin),
      sink_(GST_PAD(gst_object_ref(sink))),
      file_(file),
      track_(track),
      source_(gst_element_factory_make("filesrc", nullptr)),
      decoder_(gst_element_factory_make("decodebin", nullptr)) {
  // Streams that do not lead to raw audio are neither decoded nor missed.
  const gst::CapsPtr caps(gst_caps_from_string("audio/x-raw(ANY)"));
  g_object_set(source_, "location", file.c_str(), nullptr);
  g_object_set(decoder_, "caps", caps.get(), "expose-all-streams", FALSE, nullptr);
  g_signal_connect(decoder_, "pad-added", G_CALLBACK(on_pad_added), this);
  g_signal_connect(decoder_, "pad-removed", G_CALLBACK(on_pad_removed), this);
  g_signal_connect(decoder_, "no-more-pads", G_CALLBACK(on_no_more_pads), this);
  probe_ = gst_pad_add_probe(sink, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, this, nullptr);
  gst_bin_add_many(bin_, source_, decoder_, nullptr);
  gst_element_link(source_, decoder_);
}

Medium::~Medium() {
  gst_element_set_state(source_, GST_STATE_NULL);
  gst_element_set_state(decoder_, GST_STATE_NULL);
  gst_pad_remove_probe(sink_.get(), probe_);
  gst_bin_remove_many(bin_, source_, decoder_, nullptr);
}

std::optional<Failure> Medium::track_failure() const {
  {
    const std::lock_guard lock(mutex_);
    if (!complete_ || chosen_index() < tracks_) return std::nullopt;
    if (tracks_ == 0) return Failure{ExitCode::kNoAudio, file_ + " has no audio track"};
  }
  return Failure{ExitCode::kNoAudio, file_ + " has no audio track " + std::to_string(track_) +
                                         "; it has " + listed(audio_tracks(file_))};
}

// decodebin shows all streams of a file at once, in their order, before any data flow.
void Medium::on_pad_added(GstElement*, GstPad* pad, Medium* self) {
  bool chosen = false;
  {
    const std::lock_guard lock(self->mutex_);
    chosen = self->tracks_ == self->chosen_index();
    ++self->tracks_;
  }
  if (chosen && !gst_pad_is_linked(self->sink_.get())) gst_pad_link(pad, self->sink_.get());
}

// wavparse pushes empty buffers without end where a file is shorter than its header says: that is
// the end of the file.
GstPadProbeReturn Medium::on_buffer(GstPad* pad, GstPadProbeInfo* info, void* data) {
  auto* self = static_cast<Medium*>(data);
  if (gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info)) > 0) {
    self->empty_buffers_ = 0;
    return GST_PAD_PROBE_OK;
  }
  if (++self->empty_buffers_ == kManyEmptyBuffers) gst_pad_send_event(pad, gst_event_new_eos());
  return GST_PAD_PROBE_DROP;
}

// The next part of a chained file shows its streams anew.
void Medium::on_pad_removed(GstElement*, GstPad*, Medium* self) {
  const std::lock_guard lock(self->mutex_);
  if (self->complete_) self->tracks_ = 0;
  self->complete_ = false;
}

void Medium::on_no_more_pads(GstElement*, Medium* self) {
  const std::lock_guard lock(self->mutex_);
  self->complete_ = true;
}

}  // namespace npu::subtitle
