// SPDX-License-Identifier: LGPL-2.1-or-later
// Dispatch of audio and events.
#include "worker.h"

#include <gst/audio/audio.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "debug.h"
#include "messages.h"

namespace npu::gst {
namespace {

Error closed() {
  return {ErrorCode::kCancelled, "the output takes nothing more"};
}

Result<void> sent(bool ok) {
  if (!ok) return closed();
  return {};
}

// Segments that differ in nothing but the position need no new one downstream.
bool same_segment(const GstSegment& a, const GstSegment& b) {
  GstSegment moved = a;
  moved.position = b.position;
  return gst_segment_is_equal(&moved, &b);
}

}  // namespace

Worker::Worker(GstElement* element, InputQueue& input, TextBranches& output, const Loader& loader,
               std::atomic<int64_t>& lateness_ns, Surroundings surroundings)
    : element_(element),
      input_(input),
      loader_(loader),
      lateness_ns_(lateness_ns),
      output_(output),
      recogniser_(element, output_, std::move(surroundings)) {
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

void Worker::prepare(const Settings& settings) {
  settings_ = settings;
  settings_error_.reset();
  failed_ = false;
  interrupted_.clear();
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  output_.restart(output_settings(settings));
  if (auto ok = recogniser_.configure(settings); !ok) settings_error_ = ok.error();
  if (auto ok = check_output(settings); !ok) settings_error_ = ok.error();
}

void Worker::run() {
  while (auto item = input_.pop()) handle(*std::move(item));
  input_.worker_gone();
}

void Worker::finish() {
  interrupted_.clear();
  output_.leave();
  recogniser_.forget_stream();
}

void Worker::flush(std::deque<InputItem> left) {
  failed_ = false;
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  recogniser_.reset();
  output_.flush();
  output_.refresh();
  std::deque<InputItem> lasting = std::exchange(interrupted_, {});
  std::move(left.begin(), left.end(), std::back_inserter(lasting));
  for (InputItem& item : lasting) {
    auto* event = std::get_if<EventPtr>(&item);
    if (event && outlives_flush(event->get())) handle(std::move(item));
  }
}

void Worker::handle(InputItem item) {
  doing_ = "Cannot transcribe";
  output_.refresh();
  Result<void> done;
  auto* const event = std::get_if<EventPtr>(&item);
  const bool lasts = event && *event && outlives_flush(event->get());
  EventPtr lasting(lasts ? gst_event_ref(event->get()) : nullptr);
  // The engine reports its failures as values; this is for memory that runs out.
  try {
    if (auto* buffer = std::get_if<BufferPtr>(&item))
      done = audio(std::move(*buffer));
    else if (*event)
      done = this->event(std::move(*event));
  } catch (const std::exception& error) {
    done = Error{ErrorCode::kInternal, error.what()};
  }
  if (done) return;
  if (lasting && done.error().code == ErrorCode::kCancelled)
    interrupted_.emplace_back(std::move(lasting));
  fail(done.error());
}

void Worker::fail(const Error& error) {
  // Flush and stop are not failures; what follows them cleans up.
  if (error.code == ErrorCode::kCancelled || failed_) return;
  failed_ = true;
  recogniser_.reset();
  input_.fail(GST_FLOW_ERROR);
  post_error(element_, doing_, error);
}

Result<Loader::Outcome> Worker::loaded() const {
  Loader::Outcome outcome = loader_.outcome();
  if (outcome.error) return *outcome.error;
  if (outcome.model) return outcome;
  return Error{ErrorCode::kCancelled, "the model is not loaded any more"};
}

Result<void> Worker::default_segment() {
  if (segment_.format == GST_FORMAT_TIME) return {};
  GST_WARNING_OBJECT(element_, "audio without a segment");
  EventPtr start;
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  start.reset(gst_event_new_segment(&segment));
  return this->segment(start.get());
}

Result<void> Worker::audio(BufferPtr buffer) {
  if (failed_) return {};
  doing_ = "A property has a value that cannot be used";
  if (settings_error_) return *settings_error_;
  NPU_TRY(output_.check());
  doing_ = "Cannot load the model";
  NPU_TRY_ASSIGN(const Loader::Outcome loaded, this->loaded());
  doing_ = "Cannot transcribe";
  if (!recogniser_.has_format())
    return Error{ErrorCode::kInvalidArgument, "audio came before its caps"};
  NPU_TRY(default_segment());
  const GstAudioInfo& info = recogniser_.format();
  BufferPtr clipped(gst_audio_buffer_clip(buffer.release(), &segment_, GST_AUDIO_INFO_RATE(&info),
                                          GST_AUDIO_INFO_BPF(&info)));
  if (!clipped) return {};
  if (!is_plain(segment_)) {
    const gsize frames = gst_buffer_get_size(clipped.get()) / GST_AUDIO_INFO_BPF(&info);
    const guint64 duration =
        gst_util_uint64_scale_int(frames, GST_SECOND, GST_AUDIO_INFO_RATE(&info));
    return sent(output_.lone_gap(
        {static_cast<int64_t>(GST_BUFFER_PTS(clipped.get())), static_cast<int64_t>(duration)}));
  }
  return recogniser_.audio(loaded, clipped.get());
}

Result<void> Worker::event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_STREAM_START:
      return stream_start(event.get());
    case GST_EVENT_CAPS:
      return caps(event.get());
    case GST_EVENT_SEGMENT:
      return segment(event.get());
    case GST_EVENT_GAP:
      return gap(event.get());
    case GST_EVENT_EOS:
      return eos(event.get());
    case GST_EVENT_TAG:
      return {};  // of the audio; the text has its own
    default:
      return sent(output_.pass(std::move(event)));
  }
}

Result<void> Worker::stream_start(GstEvent* event) {
  NPU_TRY(recogniser_.finish());
  NPU_TRY(sent(output_.settle(std::nullopt)));
  recogniser_.forget_stream();
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  return sent(output_.stream_start(event));
}

Result<void> Worker::caps(GstEvent* event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  GstAudioInfo info;
  if (!gst_audio_info_from_caps(&info, caps))
    return Error{ErrorCode::kUnsupported,
                 text("cannot use the caps ", CharPtr(gst_caps_to_string(caps)).get())};
  return recogniser_.set_format(info);
}

// The stream time at which `next` takes over from the segment before it; none if it does not
// follow.
std::optional<int64_t> Worker::end_of_segment(const GstSegment& next) const {
  if (segment_.format != GST_FORMAT_TIME || !is_plain(segment_)) return std::nullopt;
  const GstSegment text = text_segment(segment_, 0);
  guint64 end = gst_segment_position_from_running_time(&text, GST_FORMAT_TIME, next.base);
  if (!GST_CLOCK_TIME_IS_VALID(end) && GST_CLOCK_TIME_IS_VALID(text.stop) &&
      next.base > gst_segment_to_running_time(&text, GST_FORMAT_TIME, text.stop))
    end = text.stop;
  if (!GST_CLOCK_TIME_IS_VALID(end)) return std::nullopt;
  return static_cast<int64_t>(end);
}

Result<void> Worker::segment(GstEvent* event) {
  GstSegment next;
  gst_event_copy_segment(event, &next);
  if (next.format != GST_FORMAT_TIME)
    return Error{ErrorCode::kUnsupported, text("expected a segment in time, found one in ",
                                               gst_format_get_name(next.format))};
  if (segment_.format == GST_FORMAT_TIME && same_segment(segment_, next)) return {};
  NPU_TRY(recogniser_.finish());
  const std::optional<int64_t> end_ns = end_of_segment(next);
  NPU_TRY(sent(output_.settle(end_ns)));
  if (end_ns) NPU_TRY(sent(output_.decided(*end_ns, *end_ns)));
  segment_ = next;
  NPU_TRY(recogniser_.set_segment(next));
  if (!is_plain(next))
    GST_WARNING_OBJECT(element_, "no text at rate %f (%f applied)", next.rate, next.applied_rate);
  const auto lateness = static_cast<GstClockTime>(lateness_ns_.load());
  return sent(output_.segment(text_segment(next, lateness), gst_event_get_seqnum(event)));
}

Result<void> Worker::gap(GstEvent* event) {
  if (failed_) return {};
  NPU_TRY(default_segment());
  GstClockTime start = 0;
  GstClockTime duration = 0;
  gst_event_parse_gap(event, &start, &duration);
  if (!GST_CLOCK_TIME_IS_VALID(start) || !GST_CLOCK_TIME_IS_VALID(duration)) return {};
  if (!is_plain(segment_))
    return sent(output_.lone_gap({static_cast<int64_t>(start), static_cast<int64_t>(duration)}));
  guint64 begin = 0;
  guint64 end = 0;
  if (!gst_segment_clip(&segment_, GST_FORMAT_TIME, start, start + duration, &begin, &end))
    return {};
  return recogniser_.gap(static_cast<int64_t>(begin), static_cast<int64_t>(end - begin));
}

Result<void> Worker::eos(GstEvent* event) {
  // Downstream must be released whatever became of the audio.
  Result<void> finished = failed_ ? Result<void>() : recogniser_.finish();
  if (!finished) fail(finished.error());
  if (!finished && finished.error().code == ErrorCode::kCancelled) return finished;
  return sent(output_.eos(gst_event_get_seqnum(event)));
}

}  // namespace npu::gst
