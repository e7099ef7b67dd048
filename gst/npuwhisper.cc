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
#include "translate_pad.h"

using npu::gst::BufferPtr;
using npu::gst::EventPtr;
using npu::gst::State;

struct _GstNpuWhisper {
  GstElement parent;
  State* state;
  gint pads_named;  // atomic
};

static void child_proxy_init(gpointer interface, gpointer);

G_DEFINE_FINAL_TYPE_WITH_CODE(GstNpuWhisper, gst_npu_whisper, GST_TYPE_ELEMENT,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_CHILD_PROXY, child_proxy_init))

namespace {

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("audio/x-raw"));

GstStaticPadTemplate source_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(npu::gst::kTextCaps));

GstStaticPadTemplate translate_template = GST_STATIC_PAD_TEMPLATE(
    "translate_src_%u", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS(npu::gst::kTextCaps));

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

// Linking a pad sends RECONFIGURE to it.
gboolean source_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_RECONFIGURE) state_of(parent).source_peer_changed(pad);
  return gst_pad_event_default(pad, parent, event);
}

// A request pad becomes active before it has a parent.
gboolean source_activate(GstPad* pad, GstObject*, GstPadMode mode, gboolean active) {
  auto* state = static_cast<State*>(gst_pad_get_element_private(pad));
  return state && mode == GST_PAD_MODE_PUSH && state->activate_source(pad, active);
}

void add_source(GstNpuWhisper* self, GstPad* pad, npu::gst::TextKind kind) {
  gst_pad_set_event_function(pad, source_event);
  gst_pad_set_query_function(pad, source_query);
  gst_pad_set_activatemode_function(pad, source_activate);
  gst_pad_set_element_private(pad, self->state);
  self->state->add_source(pad, kind);
}

std::string free_pad_name(GstElement* element) {
  for (;;) {
    const gint number = g_atomic_int_add(&GST_NPU_WHISPER(element)->pads_named, 1);
    std::string name = npu::text("translate_src_", number);
    const npu::gst::ObjectPtr<GstPad> taken(gst_element_get_static_pad(element, name.c_str()));
    if (!taken) return name;
  }
}

GstPad* request_pad(GstElement* element, GstPadTemplate* pad_template, const gchar* wanted,
                    const GstCaps*) {
  const std::string name = wanted ? wanted : free_pad_name(element);
  if (const npu::gst::ObjectPtr<GstPad> taken(gst_element_get_static_pad(element, name.c_str()));
      taken)
    return nullptr;
  auto* pad = GST_PAD(g_object_new(GST_TYPE_NPU_WHISPER_TRANSLATE_PAD, "name", name.c_str(),
                                   "direction", GST_PAD_SRC, "template", pad_template, nullptr));
  add_source(GST_NPU_WHISPER(element), pad, npu::gst::TextKind::kTranslation);
  gst_element_add_pad(element, pad);
  gst_child_proxy_child_added(GST_CHILD_PROXY(element), G_OBJECT(pad), name.c_str());
  return pad;
}

void release_pad(GstElement* element, GstPad* pad) {
  GST_NPU_WHISPER(element)->state->remove_source(pad);
  gst_pad_set_element_private(pad, nullptr);
  const npu::gst::CharPtr name(gst_pad_get_name(pad));
  gst_child_proxy_child_removed(GST_CHILD_PROXY(element), G_OBJECT(pad), name.get());
  gst_element_remove_pad(element, pad);
}

// The children are the source pads, so that translate_src_0::language-code can be set from a
// pipeline's description.
GObject* child_by_index(GstChildProxy* proxy, guint index) {
  GST_OBJECT_LOCK(proxy);
  auto* pad = static_cast<GObject*>(g_list_nth_data(GST_ELEMENT(proxy)->srcpads, index));
  if (pad) g_object_ref(pad);
  GST_OBJECT_UNLOCK(proxy);
  return pad;
}

guint count_children(GstChildProxy* proxy) {
  GST_OBJECT_LOCK(proxy);
  const guint count = GST_ELEMENT(proxy)->numsrcpads;
  GST_OBJECT_UNLOCK(proxy);
  return count;
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

static void child_proxy_init(gpointer interface, gpointer) {
  auto* proxy = static_cast<GstChildProxyInterface*>(interface);
  proxy->get_child_by_index = child_by_index;
  proxy->get_children_count = count_children;
}

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
  element_class->request_new_pad = request_pad;
  element_class->release_pad = release_pad;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &source_template);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &translate_template,
                                                       GST_TYPE_NPU_WHISPER_TRANSLATE_PAD);
  gst_type_mark_as_plugin_api(GST_TYPE_NPU_WHISPER_TRANSLATE_PAD,
                              static_cast<GstPluginAPIFlags>(0));
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
  self->state = new State(element, sink, default_engine());
  add_source(self, source, npu::gst::TextKind::kTranscript);
  gst_element_add_pad(element, sink);
  gst_element_add_pad(element, source);
}

void gst_npu_whisper_set_default_engine(std::shared_ptr<npu::gst::Engine> engine) {
  default_engine() = std::move(engine);
}

void gst_npu_whisper_set_engine(GstNpuWhisper* self, std::shared_ptr<npu::gst::Engine> engine) {
  self->state->set_engine(std::move(engine));
}
