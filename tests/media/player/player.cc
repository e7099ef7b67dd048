// SPDX-License-Identifier: LGPL-2.1-or-later
// The pipeline, its probes and its messages.
#include "player.h"

#include <utility>

#include "bright_pixels.h"

namespace npu::testing {
namespace {

constexpr GstClockTime kPatience = 60 * GST_SECOND;
constexpr const char* kDeepQueue = "queue max-size-time=0 max-size-bytes=0 max-size-buffers=0";

std::string description(const std::string& file, const std::string& whisper, bool synchronised) {
  const std::string sink = std::string("fakesink sync=") + (synchronised ? "true" : "false");
  return "filesrc location=\"" + file + "\" ! qtdemux name=d  " + kDeepQueue +
         " name=video ! jpegdec ! textoverlay name=o ! video/x-raw,format=I420 ! " + sink +
         " name=picture signal-handoffs=true  tee name=audio  audio. ! " + kDeepQueue + " ! " +
         sink + "  audio. ! queue ! npuwhisper name=w " + whisper + " ! o.text_sink";
}

// Links here, since a description links a demuxer's pads only once, and they come again with each
// READY to PAUSED. "video_0" goes to the element "video", "audio_0" to "audio".
void link_stream(GstElement* demuxer, GstPad* pad, gpointer) {
  const gst::CharPtr name(gst_pad_get_name(pad));
  const gst::ObjectPtr<GstObject> pipeline(gst_object_get_parent(GST_OBJECT(demuxer)));
  const gst::ObjectPtr<GstElement> branch(gst_bin_get_by_name(
      GST_BIN(pipeline.get()), g_str_has_prefix(name.get(), "video") ? "video" : "audio"));
  const gst::ObjectPtr<GstPad> sink(gst_element_get_static_pad(branch.get(), "sink"));
  gst_pad_link(pad, sink.get());
}

}  // namespace

Player::Player(const std::string& file, const std::string& whisper, bool synchronised)
    : pipeline_(gst_parse_launch(description(file, whisper, synchronised).c_str(), nullptr)),
      bus_(gst_element_get_bus(pipeline_.get())) {
  gst_segment_init(&text_segment_, GST_FORMAT_UNDEFINED);
  const gst::ObjectPtr<GstElement> demuxer(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "d"));
  g_signal_connect(demuxer.get(), "pad-added", G_CALLBACK(link_stream), nullptr);
  const gst::ObjectPtr<GstElement> element(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "w"));
  const gst::ObjectPtr<GstPad> pad(gst_element_get_static_pad(element.get(), "src"));
  gst_pad_add_probe(
      pad.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                   GST_PAD_PROBE_TYPE_EVENT_FLUSH),
      on_text, this, nullptr);
  const gst::ObjectPtr<GstElement> sink(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "picture"));
  g_signal_connect(sink.get(), "handoff", G_CALLBACK(on_frame), this);
  g_signal_connect(sink.get(), "preroll-handoff", G_CALLBACK(on_frame), this);
  const gst::ObjectPtr<GstPad> picture(gst_element_get_static_pad(sink.get(), "sink"));
  gst_pad_add_probe(picture.get(), GST_PAD_PROBE_TYPE_EVENT_FLUSH, on_flush, this, nullptr);
}

Player::~Player() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

GstPadProbeReturn Player::on_text(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* player = static_cast<Player*>(self);
  const std::lock_guard lock(player->mutex_);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    std::string text(gst_buffer_get_size(buffer), '\0');
    gst_buffer_extract(buffer, 0, text.data(), text.size());
    const GstClockTime start =
        gst_segment_to_stream_time(&player->text_segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    player->cues_.push_back({start, start + GST_BUFFER_DURATION(buffer), std::move(text)});
    return GST_PAD_PROBE_OK;
  }
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT)
    gst_event_copy_segment(event, &player->text_segment_);
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) player->cues_.clear();
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn Player::on_flush(GstPad*, GstPadProbeInfo*, gpointer self) {
  auto* player = static_cast<Player*>(self);
  const std::lock_guard lock(player->mutex_);
  player->frames_.clear();
  return GST_PAD_PROBE_OK;
}

void Player::on_frame(GstElement*, GstBuffer* buffer, GstPad* pad, gpointer self) {
  auto* player = static_cast<Player*>(self);
  const gst::CapsPtr caps(gst_pad_get_current_caps(pad));
  GstVideoInfo info;
  if (!caps || !gst_video_info_from_caps(&info, caps.get())) return;
  const ShownFrame frame{GST_BUFFER_PTS(buffer),
                         GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer),
                         bright_pixels(buffer, info)};
  const std::lock_guard lock(player->mutex_);
  // The picture that a player shows while it pauses is the first one that it plays.
  if (!player->frames_.empty() && player->frames_.back().start == frame.start) return;
  player->frames_.push_back(frame);
  player->changed_.notify_all();
}

GstStateChangeReturn Player::set_state(GstState state) {
  return gst_element_set_state(pipeline_.get(), state);
}

bool Player::settle() {
  return gst_element_get_state(pipeline_.get(), nullptr, nullptr, kPatience) ==
         GST_STATE_CHANGE_SUCCESS;
}

bool Player::finish() {
  const gst::MessagePtr message(gst_bus_timed_pop_filtered(
      bus_.get(), kPatience, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  if (!message) {
    error_ = "no end of the stream within a minute";
  } else if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gst_message_parse_error(message.get(), &error, nullptr);
    error_ = error->message;
    g_error_free(error);
  }
  return error_.empty();
}

bool Player::seek(GstClockTime start, GstClockTime stop) {
  const auto flags = static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE);
  const bool to_the_end = stop == GST_CLOCK_TIME_NONE;
  forget_messages();
  return gst_element_seek(pipeline_.get(), 1.0, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET,
                          static_cast<gint64>(start),
                          to_the_end ? GST_SEEK_TYPE_NONE : GST_SEEK_TYPE_SET,
                          to_the_end ? -1 : static_cast<gint64>(stop));
}

void Player::wait_for_frames(size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return frames_.size() >= count; });
}

std::vector<ShownCue> Player::cues() {
  const std::lock_guard lock(mutex_);
  return cues_;
}

std::vector<ShownFrame> Player::frames() {
  const std::lock_guard lock(mutex_);
  return frames_;
}

void Player::forget_messages() {
  gst_bus_set_flushing(bus_.get(), TRUE);
  gst_bus_set_flushing(bus_.get(), FALSE);
}

GstClockTime Player::position() {
  gint64 position = -1;
  gst_element_query_position(pipeline_.get(), GST_FORMAT_TIME, &position);
  return static_cast<GstClockTime>(position);
}

}  // namespace npu::testing
