// SPDX-License-Identifier: LGPL-2.1-or-later
// Pad functions of the receiver.
#include "receiver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace npu::testing {
namespace {

GstStaticPadTemplate any_sink =
    GST_STATIC_PAD_TEMPLATE("output", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

}  // namespace

Receiver::Receiver(const char* accepted)
    : pad_(gst_pad_new_from_static_template(&any_sink, "output")), inbox_(*new Inbox) {
  gst_object_ref_sink(pad_);
  inbox_.accepted.reset(accepted ? gst_caps_from_string(accepted) : nullptr);
  gst_pad_set_element_private(pad_, &inbox_);
  g_object_set_data_full(G_OBJECT(pad_), "inbox", &inbox_,
                         [](gpointer inbox) { delete static_cast<Inbox*>(inbox); });
  gst_pad_set_chain_function(pad_, on_buffer);
  gst_pad_set_event_function(pad_, on_event);
  gst_pad_set_query_function(pad_, on_query);
  gst_pad_set_active(pad_, TRUE);
}

Receiver::~Receiver() {
  gst_pad_set_active(pad_, FALSE);
  gst_object_unref(pad_);
}

void Receiver::link(GstPad* source) {
  EXPECT_EQ(gst_pad_link(source, pad_), GST_PAD_LINK_OK);
}

Receiver::Inbox& Receiver::of(GstPad* pad) {
  return *static_cast<Inbox*>(gst_pad_get_element_private(pad));
}

void Receiver::add(GstPad* pad, Output output) {
  Inbox& inbox = of(pad);
  std::lock_guard lock(inbox.mutex);
  inbox.outputs.push_back(std::move(output));
  inbox.changed.notify_all();
}

GstFlowReturn Receiver::on_buffer(GstPad* pad, GstObject*, GstBuffer* raw) {
  const gst::BufferPtr buffer(raw);
  Output output;
  output.pts = GST_BUFFER_PTS(raw);
  output.duration = GST_BUFFER_DURATION(raw);
  output.discont = GST_BUFFER_IS_DISCONT(raw);
  GstMapInfo map;
  gst_buffer_map(raw, &map, GST_MAP_READ);
  output.text.assign(reinterpret_cast<const char*>(map.data), map.size);
  gst_buffer_unmap(raw, &map);
  GstCustomMeta* meta = gst_buffer_get_custom_meta(raw, "NpuWhisperCueMeta");
  const GValue* cue =
      meta ? gst_structure_get_value(gst_custom_meta_get_structure(meta), "cue") : nullptr;
  if (cue) output.cue.reset(gst_structure_copy(gst_value_get_structure(cue)), gst_structure_free);
  add(pad, std::move(output));
  Inbox& inbox = of(pad);
  std::lock_guard lock(inbox.mutex);
  return inbox.flow;
}

gboolean Receiver::on_event(GstPad* pad, GstObject*, GstEvent* event) {
  Output output;
  output.event = GST_EVENT_TYPE(event);
  output.raw.reset(event, [](GstEvent* e) { gst_event_unref(e); });
  if (output.event == GST_EVENT_GAP) gst_event_parse_gap(event, &output.pts, &output.duration);
  add(pad, std::move(output));
  return TRUE;
}

gboolean Receiver::on_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  Inbox& inbox = of(pad);
  std::unique_lock lock(inbox.mutex);
  if (GST_QUERY_TYPE(query) != GST_QUERY_CAPS || !inbox.accepted) {
    lock.unlock();
    return gst_pad_query_default(pad, parent, query);
  }
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  const gst::CapsPtr answer(filter ? gst_caps_intersect(filter, inbox.accepted.get())
                                   : gst_caps_ref(inbox.accepted.get()));
  gst_query_set_caps_result(query, answer.get());
  return TRUE;
}

std::vector<Output> Receiver::outputs() {
  std::lock_guard lock(inbox_.mutex);
  return inbox_.outputs;
}

std::vector<Output> Receiver::take() {
  std::lock_guard lock(inbox_.mutex);
  return std::exchange(inbox_.outputs, {});
}

std::vector<Output> Receiver::cues() {
  std::vector<Output> all = outputs();
  std::erase_if(all, [](const Output& output) { return !output.is_cue(); });
  return all;
}

void Receiver::wait_for(GstEventType event) {
  std::unique_lock lock(inbox_.mutex);
  inbox_.changed.wait(lock, [&] {
    return std::any_of(inbox_.outputs.begin(), inbox_.outputs.end(),
                       [event](const Output& output) { return output.event == event; });
  });
}

void Receiver::wait_for_time(GstClockTime end) {
  std::unique_lock lock(inbox_.mutex);
  inbox_.changed.wait(lock, [&] {
    return std::any_of(inbox_.outputs.begin(), inbox_.outputs.end(), [end](const Output& output) {
      return GST_CLOCK_TIME_IS_VALID(output.pts) && output.pts + output.duration >= end;
    });
  });
}

void Receiver::set_accepted(const char* caps) {
  {
    std::lock_guard lock(inbox_.mutex);
    inbox_.accepted.reset(gst_caps_from_string(caps));
  }
  gst_pad_push_event(pad_, gst_event_new_reconfigure());
}

void Receiver::set_flow(GstFlowReturn flow) {
  std::lock_guard lock(inbox_.mutex);
  inbox_.flow = flow;
}

}  // namespace npu::testing
