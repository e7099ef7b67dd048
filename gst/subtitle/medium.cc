// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/medium.h"

#include "subtitle/audio_tracks.h"

namespace npu::subtitle {
namespace {

constexpr int kManyEmptyBuffers = 100;

// How far stream time, in which seeks are made, is ahead of running time, which a player shows:
// MPEG-TS streams begin a little after 0. A late beginning of a track is no such thing, since both
// count it.
GstClockTime offset_of_stream_time(GstPad* pad) {
  const gst::EventPtr sticky(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
  if (!sticky) return 0;
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(sticky.get(), &segment);
  return segment->time > segment->base ? segment->time - segment->base : 0;
}

}  // namespace

Medium::Medium(GstBin* bin, GstPad* sink, const std::string& file, int track,
               const TimeRange& range)
    : bin_(bin),
      sink_(GST_PAD(gst_object_ref(sink))),
      file_(file),
      track_(track),
      range_(range),
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
  // Messages on the bus may keep the decoder alive for longer than this object.
  g_signal_handlers_disconnect_by_data(decoder_, this);
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
  if (chosen && !gst_pad_is_linked(self->sink_.get())) self->use(pad);
}

void Medium::use(GstPad* pad) {
  if (!range_.is_whole()) {
    const std::lock_guard lock(mutex_);
    seekable_.reset(GST_PAD(gst_object_ref(pad)));
    block_ = gst_pad_add_probe(
        pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
        on_blocked, this, nullptr);
  }
  gst_pad_link(pad, sink_.get());
}

GstPadProbeReturn Medium::on_blocked(GstPad*, GstPadProbeInfo*, void* data) {
  auto* self = static_cast<Medium*>(data);
  {
    const std::lock_guard lock(self->mutex_);
    self->blocked_ = true;
  }
  // Wakes whoever watches the bus.
  gst_element_post_message(
      self->source_,
      gst_message_new_application(GST_OBJECT(self->source_), gst_structure_new_empty("seekable")));
  return GST_PAD_PROBE_OK;
}

// The seek is flushing, so it must not come from a thread that pushes.
Done Medium::seek_when_ready() {
  gst::ObjectPtr<GstPad> pad;
  gulong block = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!blocked_ || !seekable_) return done();
    pad = std::move(seekable_);
    block = block_;
  }
  const GstClockTime offset = offset_of_stream_time(pad.get());
  const auto from = static_cast<gint64>(range_.from_ns + static_cast<int64_t>(offset));
  const auto to = static_cast<gint64>(range_.to_ns.value_or(0) + static_cast<int64_t>(offset));
  const bool sought = gst_pad_send_event(
      pad.get(), gst_event_new_seek(
                     1.0, GST_FORMAT_TIME,
                     static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE),
                     GST_SEEK_TYPE_SET, from, range_.to_ns ? GST_SEEK_TYPE_SET : GST_SEEK_TYPE_NONE,
                     range_.to_ns ? to : -1));
  gst_pad_remove_probe(pad.get(), block);
  if (sought) return done();
  return Failure{ExitCode::kInput, file_ + ": cannot begin in the middle of this medium; " +
                                       "without --from and --to it can be read"};
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
