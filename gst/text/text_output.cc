// SPDX-License-Identifier: LGPL-2.1-or-later
// Order and times of a text stream.
#include "text/text_output.h"

#include <gst/tag/tag.h>

#include <algorithm>
#include <utility>

#include "debug.h"
#include "messages.h"
#include "text/cue_structure.h"

namespace npu::gst {
namespace {

EventPtr make_tags(const std::string& language) {
  std::string title = "Auto-generated";
  if (language != "und") {
    const gchar* name = gst_tag_get_language_name(language.c_str());
    title += " (" + (name ? std::string(name) : language) + ")";
  }
  GstTagList* tags = gst_tag_list_new(GST_TAG_LANGUAGE_CODE, language.c_str(), GST_TAG_TITLE,
                                      title.c_str(), nullptr);
  gst_tag_list_set_scope(tags, GST_TAG_SCOPE_STREAM);
  return EventPtr(gst_event_new_tag(tags));
}

EventPtr make_gap(const Stretch& where) {
  EventPtr gap(gst_event_new_gap(static_cast<GstClockTime>(where.start_ns),
                                 static_cast<GstClockTime>(where.duration_ns)));
  // Without the flag muxers take a gap for an empty cue.
  gst_event_set_gap_flags(gap.get(), GST_GAP_FLAG_MISSING_DATA);
  return gap;
}

EventPtr make_custom(GstStructure* structure) {
  return EventPtr(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, structure));
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

void TextOutput::restart(const OutputSettings& settings) {
  settings_ = settings;
  former_ = CueFormer::create(settings.mode, settings.shape);
  flush();
  language_ = "und";
  tagged_.clear();
  stream_started_ = false;
}

void TextOutput::flush() {
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  former_->reset();
  track_.restart(0);
  decided_ns_ = 0;
  in_utterance_ = false;
  discont_ = true;
}

// As gst_pad_create_stream_id() makes it, which cannot be asked while the sink pad has not yet kept
// the event.
std::string TextOutput::stream_id(GstEvent* input) const {
  const std::string pad = CharPtr(gst_pad_get_name(pad_)).get();
  const std::string suffix = pad == "src" ? "text" : pad;
  const gchar* audio_id = nullptr;
  if (input) gst_event_parse_stream_start(input, &audio_id);
  if (audio_id) return std::string(audio_id) + "/" + suffix;
  return CharPtr(gst_pad_create_stream_id(pad_, element_, suffix.c_str())).get();
}

bool TextOutput::stream_start(GstEvent* input) {
  if (!settle(std::nullopt) || !end_utterance()) return false;
  EventPtr event(gst_event_new_stream_start(stream_id(input).c_str()));
  gst_event_set_stream_flags(event.get(), GST_STREAM_FLAG_SPARSE);
  guint group = GST_GROUP_ID_INVALID;
  if (!input || !gst_event_parse_group_id(input, &group)) group = gst_util_group_id_next();
  gst_event_set_group_id(event.get(), group);
  if (input) gst_event_set_seqnum(event.get(), gst_event_get_seqnum(input));
  discont_ = true;
  tagged_.clear();
  stream_started_ = queue_.push(std::move(event));
  return stream_started_;
}

bool TextOutput::ensure_stream() {
  return stream_started_ || stream_start(nullptr);
}

bool TextOutput::segment(const GstSegment& segment, guint32 seqnum, int64_t position_ns) {
  if (!ensure_stream() || !end_utterance()) return false;
  segment_ = segment;
  track_.restart(position_ns);
  decided_ns_ = position_ns;
  discont_ = true;
  EventPtr event(gst_event_new_segment(&segment_));
  gst_event_set_seqnum(event.get(), seqnum);
  // A muxer that has caps and segment may write its header any moment.
  return queue_.push(std::move(event)) && (language_ == "und" || tags());
}

bool TextOutput::pass(EventPtr event) {
  return ensure_stream() && queue_.push(std::move(event));
}

bool TextOutput::language(const std::string& tag) {
  if (tag == language_) return true;
  if (!settle(decided_ns_)) return false;
  language_ = tag;
  former_->set_language(tag == "und" ? "" : tag);
  return true;
}

bool TextOutput::tags() {
  if (tagged_ == language_) return true;
  if (!queue_.push(make_tags(language_))) return false;
  tagged_ = language_;
  return true;
}

bool TextOutput::push_gaps(int64_t until_ns) {
  if (until_ns <= track_.position_ns()) return true;
  if (!tags()) return false;
  return track_.advance(until_ns,
                        [this](const Stretch& piece) { return queue_.push(make_gap(piece)); });
}

bool TextOutput::gaps_to(int64_t until_ns) {
  const int64_t silent_ns = said_ns_ + kUtterancePause_ns;
  if (in_utterance_ && until_ns >= silent_ns && (!push_gaps(silent_ns) || !end_utterance()))
    return false;
  return push_gaps(until_ns);
}

bool TextOutput::decided(int64_t until_ns) {
  decided_ns_ = std::max(decided_ns_, until_ns);
  return emit(former_->silent_until(decided_ns_)) && gaps_to(former_->decided_ns(decided_ns_));
}

bool TextOutput::settle(std::optional<int64_t> next_ns) {
  const int64_t limit_ns =
      next_ns ? *next_ns - settings_.shape.min_gap_ns : std::numeric_limits<int64_t>::max();
  return emit(former_->finish(), limit_ns) && gaps_to(decided_ns_);
}

bool TextOutput::end_utterance() {
  if (!in_utterance_) return true;
  in_utterance_ = false;
  return queue_.push(make_custom(gst_structure_new_empty("rstranscribe/final-transcript")));
}

bool TextOutput::lone_gap(const Stretch& where) {
  return tags() && queue_.push(make_gap(where));
}

bool TextOutput::spoken(const SpokenSegment& segment) {
  return emit(former_->push(segment));
}

bool TextOutput::emit(std::vector<TextCue> cues, int64_t limit_ns) {
  for (TextCue& cue : cues) {
    cue.end_ns = std::min(cue.end_ns, limit_ns);
    if (!emit(std::move(cue))) return false;
  }
  return true;
}

bool TextOutput::emit(TextCue cue) {
  if (GST_CLOCK_TIME_IS_VALID(segment_.stop)) {
    const auto stop_ns = static_cast<int64_t>(segment_.stop);
    if (cue.start_ns >= stop_ns) return true;  // has no running time
    cue.end_ns = std::min(cue.end_ns, stop_ns);
  }
  if (!gaps_to(cue.start_ns) || !tags()) return false;
  const Stretch when = track_.clamp(cue.start_ns, cue.end_ns);
  cue.start_ns = when.start_ns;
  cue.end_ns = said_ns_ = when.start_ns + when.duration_ns;
  in_utterance_ = true;
  const auto start = static_cast<GstClockTime>(when.start_ns);
  StructurePtr structure = make_cue_structure(
      cue, {.running_time = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, start),
            .language = language_,
            .pad = GST_PAD_NAME(pad_)});
  post_cue(element_, structure.get());
  if (settings_.way != OutputWay::kBuffers &&
      !queue_.push(make_custom(gst_structure_copy(structure.get()))))
    return false;
  if (settings_.way == OutputWay::kEvents) return push_gaps(cue.end_ns);
  track_.passed(when);
  return queue_.push(QueuedCue{.cue = std::move(cue),
                               .language = language_,
                               .structure = std::move(structure),
                               .discont = std::exchange(discont_, false)});
}

bool TextOutput::eos(guint32 seqnum) {
  if (!ensure_stream() || !settle(std::nullopt) || !end_utterance()) return false;
  // A muxer names the track even if nothing was said.
  if (segment_.format == GST_FORMAT_TIME && !tags()) return false;
  EventPtr event(gst_event_new_eos());
  gst_event_set_seqnum(event.get(), seqnum);
  return queue_.push(std::move(event));
}

}  // namespace npu::gst
