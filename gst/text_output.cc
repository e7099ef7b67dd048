// SPDX-License-Identifier: LGPL-2.1-or-later
// Builds the buffers and events of the text stream.
#include "text_output.h"

#include <gst/tag/tag.h>

#include <utility>

#include "cue_text.h"
#include "debug.h"
#include "messages.h"

namespace npu::gst {
namespace {

GstEvent* make_tags(const std::string& language) {
  const std::string title =
      language == "und" ? "Auto-generated" : "Auto-generated (" + language + ")";
  GstTagList* tags = gst_tag_list_new(GST_TAG_LANGUAGE_CODE, language.c_str(), GST_TAG_TITLE,
                                      title.c_str(), nullptr);
  gst_tag_list_set_scope(tags, GST_TAG_SCOPE_STREAM);
  return gst_event_new_tag(tags);
}

EventPtr make_gap(const Stretch& where) {
  EventPtr gap(gst_event_new_gap(static_cast<GstClockTime>(where.start_ns),
                                 static_cast<GstClockTime>(where.duration_ns)));
  // Without the flag muxers take a gap for an empty cue.
  gst_event_set_gap_flags(gap.get(), GST_GAP_FLAG_MISSING_DATA);
  return gap;
}

BufferPtr make_buffer(const std::string& text, const Stretch& when) {
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, text.size(), nullptr));
  gst_buffer_fill(buffer.get(), 0, text.data(), text.size());
  GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(when.start_ns);
  GST_BUFFER_DURATION(buffer.get()) = static_cast<GstClockTime>(when.duration_ns);
  return buffer;
}

}  // namespace

bool is_plain(const GstSegment& segment) {
  return segment.rate > 0 && segment.applied_rate == 1.0;
}

GstSegment text_segment(const GstSegment& input, GstClockTime lateness_ns) {
  GstSegment out = input;
  out.base = input.base + lateness_ns;
  if (!is_plain(input)) return out;
  const guint64 time = GST_CLOCK_TIME_IS_VALID(input.time) ? input.time : input.start;
  out.flags = static_cast<GstSegmentFlags>(input.flags & GST_SEGMENT_FLAG_RESET);
  out.start = time;
  out.time = time;
  out.position = time;
  if (GST_CLOCK_TIME_IS_VALID(input.stop)) out.stop = time + (input.stop - input.start);
  return out;
}

// As gst_pad_create_stream_id() makes it, which cannot be asked while the sink pad has not yet kept
// the event.
std::string TextOutput::stream_id(GstEvent* input) const {
  const gchar* audio_id = nullptr;
  if (input) gst_event_parse_stream_start(input, &audio_id);
  if (audio_id) return std::string(audio_id) + "/text";
  return CharPtr(gst_pad_create_stream_id(pad_, element_, "text")).get();
}

bool TextOutput::stream_start(GstEvent* input) {
  EventPtr event(gst_event_new_stream_start(stream_id(input).c_str()));
  gst_event_set_stream_flags(event.get(), GST_STREAM_FLAG_SPARSE);
  guint group = GST_GROUP_ID_INVALID;
  if (!input || !gst_event_parse_group_id(input, &group)) group = gst_util_group_id_next();
  gst_event_set_group_id(event.get(), group);
  if (input) gst_event_set_seqnum(event.get(), gst_event_get_seqnum(input));
  stream_started_ = true;
  caps_sent_ = false;
  discont_ = true;
  tagged_.clear();
  return queue_.push(std::move(event));
}

bool TextOutput::ensure_stream() {
  return stream_started_ || stream_start(nullptr);
}

bool TextOutput::caps() {
  if (caps_sent_) return true;
  if (!ensure_stream()) return false;
  CapsPtr caps(gst_caps_new_simple("text/x-raw", "format", G_TYPE_STRING, "utf8", nullptr));
  caps_sent_ = true;
  return queue_.push(EventPtr(gst_event_new_caps(caps.get())));
}

bool TextOutput::segment(const GstSegment& segment, guint32 seqnum) {
  if (!caps()) return false;
  segment_ = segment;
  track_.restart(static_cast<int64_t>(segment_.start));
  discont_ = true;
  EventPtr event(gst_event_new_segment(&segment_));
  gst_event_set_seqnum(event.get(), seqnum);
  return queue_.push(std::move(event));
}

bool TextOutput::pass(EventPtr event) {
  return ensure_stream() && queue_.push(std::move(event));
}

bool TextOutput::tags() {
  if (tagged_ == language_) return true;
  tagged_ = language_;
  return queue_.push(EventPtr(make_tags(language_)));
}

bool TextOutput::decided(int64_t until_ns) {
  if (until_ns <= track_.position_ns()) return true;
  if (!tags()) return false;
  return track_.advance(until_ns,
                        [this](const Stretch& piece) { return queue_.push(make_gap(piece)); });
}

bool TextOutput::lone_gap(const Stretch& where) {
  return tags() && queue_.push(make_gap(where));
}

bool TextOutput::cue(const Segment& segment, int64_t start_ns, int64_t end_ns) {
  const std::string text = clean_cue_text(segment.text);
  if (text.empty()) return true;
  if (!decided(start_ns) || !tags()) return false;
  const Stretch when = track_.clamp(start_ns, end_ns);
  track_.passed(when);
  const auto start = static_cast<GstClockTime>(when.start_ns);
  post_cue(element_,
           {.segment = segment,
            .text = text,
            .running_time = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, start),
            .stream_time = start,
            .duration = static_cast<GstClockTime>(when.duration_ns),
            .language = language_});
  BufferPtr buffer = make_buffer(text, when);
  if (discont_) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  discont_ = false;
  return queue_.push(std::move(buffer));
}

bool TextOutput::eos(guint32 seqnum) {
  if (!caps()) return false;
  // A muxer names the track even if nothing was said.
  if (segment_.format == GST_FORMAT_TIME && !tags()) return false;
  EventPtr event(gst_event_new_eos());
  gst_event_set_seqnum(event.get(), seqnum);
  return queue_.push(std::move(event));
}

void TextOutput::flush() {
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  track_.restart(0);
  discont_ = true;
}

void TextOutput::restart() {
  flush();
  language_ = "und";
  tagged_.clear();
  stream_started_ = false;
  caps_sent_ = false;
}

}  // namespace npu::gst
