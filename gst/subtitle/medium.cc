// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/medium.h"

namespace npu::subtitle {

Medium::Medium(GstBin* bin, GstPad* sink, const std::string& file, int track)
    : bin_(bin),
      sink_(GST_PAD(gst_object_ref(sink))),
      file_(file),
      track_(track),
      source_(gst_element_factory_make("uridecodebin3", nullptr)) {
  const OwnedChars uri(gst_filename_to_uri(file.c_str(), nullptr));
  const OwnedCaps caps(gst_caps_from_string("audio/x-raw(ANY)"));
  g_object_set(source_, "uri", uri.get(), "caps", caps.get(), nullptr);
  g_signal_connect(source_, "select-stream", G_CALLBACK(on_select_stream), this);
  g_signal_connect(source_, "pad-added", G_CALLBACK(on_pad_added), this);
  gst_bin_add(bin_, source_);
}

Medium::~Medium() {
  gst_element_set_state(source_, GST_STATE_NULL);
  gst_bin_remove(bin_, source_);
}

std::optional<Failure> Medium::track_failure() const {
  const std::lock_guard lock(mutex_);
  if (!tracks_known_) return std::nullopt;
  if (tracks_.empty()) return Failure{ExitCode::kNoAudio, file_ + " has no audio track"};
  if (chosen_index() < tracks_.size()) return std::nullopt;
  return Failure{ExitCode::kNoAudio, file_ + " has no audio track " + std::to_string(track_) +
                                         "; it has " + listed(tracks_)};
}

std::string Medium::track_description() const {
  const std::lock_guard lock(mutex_);
  return chosen_index() < tracks_.size() ? tracks_[chosen_index()].description : "";
}

int Medium::on_select_stream(GstElement*, GstStreamCollection* collection, GstStream* stream,
                             Medium* self) {
  std::vector<AudioTrack> tracks = audio_tracks(collection);
  const std::string id = gst_stream_get_stream_id(stream);
  const std::lock_guard lock(self->mutex_);
  self->tracks_ = std::move(tracks);
  self->tracks_known_ = true;
  const size_t index = self->chosen_index();
  return index < self->tracks_.size() && self->tracks_[index].stream_id == id ? 1 : 0;
}

void Medium::on_pad_added(GstElement*, GstPad* pad, Medium* self) {
  const OwnedCaps caps(gst_pad_query_caps(pad, nullptr));
  const GstStructure* first =
      gst_caps_get_size(caps.get()) > 0 ? gst_caps_get_structure(caps.get(), 0) : nullptr;
  if (!first || !gst_structure_has_name(first, "audio/x-raw")) return;
  if (gst_pad_is_linked(self->sink_.get())) return;
  gst_pad_link(pad, self->sink_.get());
}

}  // namespace npu::subtitle
