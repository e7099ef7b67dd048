// SPDX-License-Identifier: LGPL-2.1-or-later
// The GObject shell of the element: pads, vfuncs and metadata. Everything else is in State.

/**
 * SECTION:element-npuwhisper
 * @title: npuwhisper
 * @short_description: speech to text with Whisper
 *
 * Transcribes raw audio of any format, rate and number of channels with OpenAI's Whisper, and
 * gives text buffers with time stamps and durations, as subtitle encoders, muxers and overlays take
 * them.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=talk.mp4 ! decodebin ! npuwhisper model=base ! srtenc ! filesink
 * location=talk.srt
 * ]| Writes subtitles of the first audio track that is found.
 */
#include "npuwhisper.h"

#include <utility>

#include "debug.h"
#include "properties.h"
#include "state.h"
#include "text/cue_structure.h"
#include "text/text_format.h"

using npu::gst::BufferPtr;
using npu::gst::EventPtr;
using npu::gst::State;

struct _GstNpuWhisper {
  GstElement parent;
  State* state;
};

G_DEFINE_FINAL_TYPE(GstNpuWhisper, gst_npu_whisper, GST_TYPE_ELEMENT)

namespace {

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("audio/x-raw"));

GstStaticPadTemplate source_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(npu::gst::kTextCaps));

std::shared_ptr<npu::gst::Engine>& default_engine() {
  static std::shared_ptr<npu::gst::Engine> engine;
  return engine;
}

State& state_of(GstObject* parent) {
  return *GST_NPU_WHISPER(parent)->state;
}

GstFlowReturn chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  return state_of(parent).chain(BufferPtr(buffer));
}

gboolean sink_event(GstPad*, GstObject* parent, GstEvent* event) {
  return state_of(parent).sink_event(EventPtr(event));
}

gboolean source_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY) return state_of(parent).answer_latency(query);
  return gst_pad_query_default(pad, parent, query);
}

gboolean source_activate(GstPad* pad, GstObject* parent, GstPadMode mode, gboolean active) {
  return mode == GST_PAD_MODE_PUSH && state_of(parent).activate_source(pad, active);
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  npu::gst::set_property(*GST_NPU_WHISPER(object)->state, object, id, value, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  npu::gst::get_property(*GST_NPU_WHISPER(object)->state, object, id, value, spec);
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  State& state = *GST_NPU_WHISPER(element)->state;
  if (transition == GST_STATE_CHANGE_NULL_TO_READY) state.begin_loading();
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) state.start();
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) state.interrupt();

  auto* parent = GST_ELEMENT_CLASS(gst_npu_whisper_parent_class);
  const GstStateChangeReturn result = parent->change_state(element, transition);

  const bool not_started =
      transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
  if (not_started) state.interrupt();
  if (not_started || transition == GST_STATE_CHANGE_PAUSED_TO_READY) state.stop();
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) state.unload();
  return result;
}

void finalize(GObject* object) {
  delete GST_NPU_WHISPER(object)->state;
  G_OBJECT_CLASS(gst_npu_whisper_parent_class)->finalize(object);
}

}  // namespace

static void gst_npu_whisper_class_init(GstNpuWhisperClass* klass) {
  npu::gst::init_debug();
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  npu::gst::install_properties(object_class);
  npu::gst::register_cue_meta();
  /**
   * GstNpuWhisper::cue:
   * @element: the element
   * @cue: a structure "npuwhisper/cue", as element messages carry it
   *
   * A cue is about to leave. Emitted on the element's own thread, which goes on when the handlers
   * return.
   */
  g_signal_new("cue", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
               G_TYPE_NONE, 1, GST_TYPE_STRUCTURE | G_SIGNAL_TYPE_STATIC_SCOPE);

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &source_template);
  gst_element_class_set_static_metadata(
      element_class, "Whisper speech recognition", "Audio/Text/Filter",
      "Transcribes speech to text with time stamps", "The npuwhisper project");
}

static void gst_npu_whisper_init(GstNpuWhisper* self) {
  auto* element = GST_ELEMENT(self);
  GstPad* sink = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(sink, chain);
  gst_pad_set_event_function(sink, sink_event);

  GstPad* source = gst_pad_new_from_static_template(&source_template, "src");
  gst_pad_set_query_function(source, source_query);
  gst_pad_set_activatemode_function(source, source_activate);

  self->state = new State(element, sink, default_engine());
  self->state->add_source(source, npu::gst::TextKind::kTranscript);
  gst_element_add_pad(element, sink);
  gst_element_add_pad(element, source);
}

void gst_npu_whisper_set_default_engine(std::shared_ptr<npu::gst::Engine> engine) {
  default_engine() = std::move(engine);
}

void gst_npu_whisper_set_engine(GstNpuWhisper* self, std::shared_ptr<npu::gst::Engine> engine) {
  self->state->set_engine(std::move(engine));
}
