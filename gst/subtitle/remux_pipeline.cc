// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/remux_pipeline.h"

#include <algorithm>
#include <string_view>

#include "subtitle/debian_packages.h"
#include "subtitle/matroska_tags.h"
#include "subtitle/pipeline_watch.h"

namespace npu::subtitle {
namespace {

double now_s() {
  return static_cast<double>(g_get_monotonic_time()) / G_USEC_PER_SEC;
}

GstElement* add(GstElement* pipeline, const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  gst_bin_add(GST_BIN(pipeline), element);
  return element;
}

// The source pad of a multiqueue's sink pad.
gst::ObjectPtr<GstPad> other_side(GstPad* pad) {
  GstIterator* inside = gst_pad_iterate_internal_links(pad);
  GValue value = G_VALUE_INIT;
  gst::ObjectPtr<GstPad> other;
  if (gst_iterator_next(inside, &value) == GST_ITERATOR_OK) {
    other.reset(GST_PAD(g_value_dup_object(&value)));
  }
  g_value_unset(&value);
  gst_iterator_free(inside);
  return other;
}

// parsebin would take the styles out of these; FALSE leaves a stream as it is.
gboolean on_autoplug_continue(GstElement*, GstPad*, GstCaps* caps, gpointer) {
  const std::string_view type = gst_structure_get_name(gst_caps_get_structure(caps, 0));
  return !type.starts_with("application/x-ssa") && !type.starts_with("application/x-ass");
}

// The language of the text: Whisper translates to English only.
std::string language_of(const captions::Transcript& transcript) {
  return transcript.task == "translate" ? "en" : transcript.language;
}

GstPadProbeReturn on_subtitle_data(GstPad*, GstPadProbeInfo* info, void* unescape) {
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) != GST_EVENT_GAP) return GST_PAD_PROBE_OK;
    // Without the flag muxers from 1.25 on take a gap for an empty subtitle.
    event = gst_event_make_writable(event);
    gst_event_set_gap_flags(event, GST_GAP_FLAG_MISSING_DATA);
    GST_PAD_PROBE_INFO_DATA(info) = event;
    return GST_PAD_PROBE_OK;
  }
  GstBuffer* markup = GST_PAD_PROBE_INFO_BUFFER(info);
  GstMapInfo map;
  if (!unescape || !gst_buffer_map(markup, &map, GST_MAP_READ)) return GST_PAD_PROBE_OK;
  const std::string text =
      unescaped(std::string(reinterpret_cast<const char*>(map.data), map.size));
  gst_buffer_unmap(markup, &map);
  GstBuffer* plain = gst_buffer_new_allocate(nullptr, text.size(), nullptr);
  gst_buffer_fill(plain, 0, text.data(), text.size());
  gst_buffer_copy_into(plain, markup, GST_BUFFER_COPY_METADATA, 0, static_cast<gsize>(-1));
  gst_buffer_unref(markup);
  GST_PAD_PROBE_INFO_DATA(info) = plain;
  return GST_PAD_PROBE_OK;
}

bool has_chapters(GstPad* pad) {
  const gst::EventPtr toc(gst_pad_get_sticky_event(pad, GST_EVENT_TOC, 0));
  return toc != nullptr;
}

bool is_sparse(GstPad* pad) {
  const gst::EventPtr start(gst_pad_get_sticky_event(pad, GST_EVENT_STREAM_START, 0));
  GstStreamFlags flags = GST_STREAM_FLAG_NONE;
  if (start) gst_event_parse_stream_flags(start.get(), &flags);
  return flags & GST_STREAM_FLAG_SPARSE;
}

bool is_video(const GstCaps* caps) {
  return std::string_view(gst_structure_get_name(gst_caps_get_structure(caps, 0)))
      .starts_with("video/");
}

}  // namespace

Outcome<std::unique_ptr<RemuxPipeline>> RemuxPipeline::create(RemuxRequest request) {
  std::unique_ptr<RemuxPipeline> pipeline(new RemuxPipeline(std::move(request)));
  if (Done built = pipeline->build(); !built) return built.failure();
  return pipeline;
}

RemuxPipeline::RemuxPipeline(RemuxRequest request)
    : request_(std::move(request)),
      captions_(captions::shown_captions(request_.transcript.captions)),
      pipeline_(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new("remux")))) {}

RemuxPipeline::~RemuxPipeline() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  discard_messages(pipeline_.get());
}

Done RemuxPipeline::build() {
  if (Done there = need_elements({"filesrc", "parsebin", "multiqueue", "capssetter", "appsrc",
                                  "filesink", muxer_of(request_.container)});
      !there) {
    return there;
  }
  GstElement* source = add(pipeline_.get(), "filesrc");
  GstElement* parser = add(pipeline_.get(), "parsebin");
  queue_ = add(pipeline_.get(), "multiqueue");
  muxer_ = add(pipeline_.get(), muxer_of(request_.container));
  sink_ = add(pipeline_.get(), "filesink");
  g_object_set(source, "location", request_.input.c_str(), nullptr);
  g_object_set(sink_, "location", request_.written.c_str(), nullptr);
  // By number only: a queue that is full grows while another is empty, and waits otherwise. So no
  // interleaving stalls, and memory holds no more than the file's own makes necessary.
  g_object_set(queue_, "max-size-buffers", 100U, "max-size-bytes", 0U, "max-size-time", guint64{0},
               nullptr);
  g_signal_connect(parser, "autoplug-continue", G_CALLBACK(on_autoplug_continue), nullptr);
  g_signal_connect(parser, "pad-added", G_CALLBACK(on_pad_added), this);
  gst_element_link(source, parser);
  gst_element_link(muxer_, sink_);
  return done();
}

// From a thread that pushes: wakes the one that watches the bus.
void RemuxPipeline::announce(const char* what) {
  gst_element_post_message(
      muxer_, gst_message_new_application(GST_OBJECT(muxer_), gst_structure_new_empty(what)));
}

void RemuxPipeline::on_pad_added(GstElement*, GstPad* pad, RemuxPipeline* self) {
  const gst::ObjectPtr<GstPad> entry(gst_element_request_pad_simple(self->queue_, "sink_%u"));
  {
    const std::lock_guard lock(self->mutex_);
    self->streams_.emplace_back(
        other_side(entry.get()), [self] { self->announce("stream"); }, self->position_ns_);
  }
  gst_pad_link(pad, entry.get());
}

// parsebin adds all pads of a file before it lets any data through.
bool RemuxPipeline::all_streams_known() {
  const std::lock_guard lock(mutex_);
  return !streams_.empty() &&
         std::all_of(streams_.begin(), streams_.end(),
                     [](const HeldStream& stream) { return stream.is_known(); });
}

Done RemuxPipeline::run(const StopRequest& stop, FileReport& report) {
  report.stage(request_.burn ? "burning" : "embedding");
  const double start_s = now_s();
  const auto on_tick = [&] {
    if (!connected_ && all_streams_known()) {
      connected_ = true;
      if (Done connected = connect(report); !connected) return connected;
    }
    report.update({static_cast<double>(position_ns_) / GST_SECOND, request_.transcript.duration_s,
                   now_s() - start_s});
    return done();
  };
  const auto on_message = [&](GstMessage* message) { return handle(message, report); };
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  Done ended = watch_pipeline(pipeline_.get(), stop, {on_message, on_tick});
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  report.stage("");
  if (!ended || request_.container != Container::kMatroska) return ended;
  return mend_tags(request_.written);
}

Done RemuxPipeline::handle(GstMessage* message, FileReport& report) {
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
      return explain(message);
    case GST_MESSAGE_ELEMENT:
      errors_.note_missing_plugin(message);
      break;
    case GST_MESSAGE_WARNING: {
      GError* warning = nullptr;
      gst_message_parse_warning(message, &warning, nullptr);
      const gst::ErrorPtr owned(warning);
      report.line(warning->message);
      break;
    }
    case GST_MESSAGE_APPLICATION:
      if (gst_message_has_name(message, "text")) let_flow();
      break;
    default:
      break;
  }
  return done();
}

Failure RemuxPipeline::explain(GstMessage* message) const {
  GError* error = nullptr;
  char* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  const gst::ErrorPtr owned(error);
  const gst::CharPtr owned_debug(debug);
  if (GST_MESSAGE_SRC(message) != GST_OBJECT(sink_)) {
    const bool refused =
        debug && std::string_view(debug).find("not-negotiated") != std::string_view::npos;
    if (!refused || errors_.any_missing_plugin()) {
      return errors_.explain(message, nullptr, request_.input);
    }
    return {ExitCode::kInput, std::string(extension(request_.container)) +
                                  " cannot hold a stream of " + request_.input};
  }
  // filesink puts what the system says on the last line of its details.
  std::string reason = debug ? debug : "";
  reason = reason.substr(reason.rfind('\n') + 1);
  if (g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT)) {
    reason = "No space left on device";
  }
  return {ExitCode::kOutput, "cannot write " + request_.shown.string() + ": " +
                                 (reason.empty() ? error->message : reason)};
}

Done RemuxPipeline::connect(FileReport& report) {
  for (const HeldStream& stream : streams_) {
    if (Done connected = connect_stream(stream, report); !connected) return connected;
  }
  if (request_.burn && !burned_) {
    return Failure{ExitCode::kInput, request_.input + " has no picture to burn captions into"};
  }
  const std::string container(extension(request_.container));
  if (kept_ == 0) {
    return Failure{ExitCode::kInput, container + " can hold no stream of " + request_.input +
                                         "; --container=mkv may"};
  }
  if (request_.container == Container::kMp4 && has_chapters(streams_.front().pad())) {
    report.line("left out: chapters, which GStreamer does not write to mp4");
  }
  if (!request_.burn && captions_.empty()) {
    report.line("nothing is said, so no subtitle track is added");
  } else if (!request_.burn) {
    const gst::CapsPtr caps(gst_caps_from_string("text/x-raw, format=(string)utf8"));
    const auto plan = plan_stream(caps.get(), muxer_);
    if (!plan) return Failure{ExitCode::kFailed, "this muxer takes no subtitles"};
    const gst::ObjectPtr<GstPad> entry(
        gst_element_request_pad(muxer_, plan->entry, nullptr, caps.get()));
    // The muxer writes its header when the other streams flow: the track must be known by then.
    gst_pad_add_probe(entry.get(), GST_PAD_PROBE_TYPE_BUFFER, on_text, this, nullptr);
    return connect_text(entry.get());
  }
  let_flow();
  return done();
}

GstPadProbeReturn RemuxPipeline::on_text(GstPad*, GstPadProbeInfo*, void* self) {
  static_cast<RemuxPipeline*>(self)->announce("text");
  return GST_PAD_PROBE_REMOVE;
}

void RemuxPipeline::let_flow() {
  if (flows_) return;
  flows_ = true;
  for (HeldStream& stream : streams_) stream.release();
}

// Puts an element behind the pad; returns the element's source pad, which it owns.
GstPad* RemuxPipeline::through(GstPad* from, GstElement* element) {
  gst_bin_add(GST_BIN(pipeline_.get()), element);
  const gst::ObjectPtr<GstPad> entry(gst_element_get_static_pad(element, "sink"));
  gst_pad_link(from, entry.get());
  gst_element_sync_state_with_parent(element);
  const gst::ObjectPtr<GstPad> exit(gst_element_get_static_pad(element, "src"));
  GstPad* const of_element = exit.get();
  return of_element;
}

void RemuxPipeline::leave_out(GstPad* pad) {
  GstElement* nowhere = gst_element_factory_make("fakesink", nullptr);
  g_object_set(nowhere, "sync", FALSE, "async", FALSE, nullptr);
  through(pad, nowhere);
}

Done RemuxPipeline::into_muxer(GstPad* from, GstPadTemplate* entry) {
  const gst::CapsPtr caps(gst_pad_query_caps(from, nullptr));
  const gst::ObjectPtr<GstPad> pad(gst_element_request_pad(muxer_, entry, nullptr, caps.get()));
  if (pad && gst_pad_link(from, pad.get()) == GST_PAD_LINK_OK) {
    ++kept_;
    return done();
  }
  return Failure{ExitCode::kFailed, std::string(muxer_of(request_.container)) +
                                        " does not take a stream of " + request_.input};
}

Done RemuxPipeline::connect_stream(const HeldStream& stream, FileReport& report) {
  const gst::CapsPtr caps = stream.caps();
  if (!caps) {  // it has no data either
    leave_out(stream.pad());
    return done();
  }
  if (request_.burn && !burned_ && is_video(caps.get())) return connect_burning(stream);
  const auto plan = plan_stream(caps.get(), muxer_);
  if (!plan) {
    report.line("left out: " + stream_name(caps.get()) + ", which " +
                std::string(extension(request_.container)) + " cannot hold");
    leave_out(stream.pad());
    return done();
  }
  GstPad* pad = stream.pad();
  if (is_sparse(pad)) {
    const auto kinds = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                                    GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);
    gst_pad_add_probe(pad, kinds, on_subtitle_data, plan->unescape ? this : nullptr, nullptr);
  }
  if (plan->unescape) {
    GstElement* setter = gst_element_factory_make("capssetter", nullptr);
    const gst::CapsPtr plain(gst_caps_from_string("text/x-raw, format=(string)utf8"));
    g_object_set(setter, "caps", plain.get(), "join", FALSE, "replace", TRUE, nullptr);
    pad = through(pad, setter);
  }
  if (!plan->parser.empty()) {
    pad = through(pad, gst_element_factory_make(plan->parser.c_str(), nullptr));
  }
  return into_muxer(pad, plan->entry);
}

Done RemuxPipeline::connect_burning(const HeldStream& stream) {
  Outcome<GstElement*> bin = make_burn_bin(*request_.burn);
  if (!bin) return bin.failure();
  burned_ = true;
  GstPad* exit = through(stream.pad(), *bin);
  const gst::CapsPtr caps(
      gst_caps_from_string("video/x-h264, stream-format=(string)avc, "
                           "alignment=(string)au"));
  const auto plan = plan_stream(caps.get(), muxer_);
  if (!plan) return Failure{ExitCode::kFailed, "this muxer takes no H.264"};
  if (Done linked = into_muxer(exit, plan->entry); !linked) return linked;
  const gst::ObjectPtr<GstPad> text(gst_element_get_static_pad(*bin, "text"));
  return connect_text(text.get());
}

Done RemuxPipeline::connect_text(GstPad* target) {
  feed_ = std::make_unique<CaptionFeed>(
      captions_, request_.burn ? std::nullopt : std::optional(language_of(request_.transcript)));
  gst_bin_add(GST_BIN(pipeline_.get()), GST_ELEMENT(gst_object_ref(feed_->element())));
  const gst::ObjectPtr<GstPad> pad(gst_element_get_static_pad(feed_->element(), "src"));
  if (gst_pad_link(pad.get(), target) != GST_PAD_LINK_OK) {
    return Failure{ExitCode::kFailed, "cannot connect the captions"};
  }
  gst_element_sync_state_with_parent(feed_->element());
  return done();
}

}  // namespace npu::subtitle
