// SPDX-License-Identifier: LGPL-2.1-or-later
// Owners of GStreamer references: the only way C++ code here holds one.
#pragma once

#include <gst/gst.h>

#include <memory>

namespace npu::gst {

struct GstUnref {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  void operator()(GstEvent* event) const { gst_event_unref(event); }
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
  void operator()(GstQuery* query) const { gst_query_unref(query); }
  void operator()(GstTagList* tags) const { gst_tag_list_unref(tags); }
  void operator()(GstStructure* structure) const { gst_structure_free(structure); }
  void operator()(GstMessage* message) const { gst_message_unref(message); }
  void operator()(GstSample* sample) const { gst_sample_unref(sample); }
  void operator()(GError* error) const { g_error_free(error); }
  void operator()(gchar* text) const { g_free(text); }
};

struct GstObjectUnref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};

// Each owns one reference. release() gives it to a function that is (transfer full).
using BufferPtr = std::unique_ptr<GstBuffer, GstUnref>;
using EventPtr = std::unique_ptr<GstEvent, GstUnref>;
using CapsPtr = std::unique_ptr<GstCaps, GstUnref>;
using QueryPtr = std::unique_ptr<GstQuery, GstUnref>;
using TagListPtr = std::unique_ptr<GstTagList, GstUnref>;
using StructurePtr = std::unique_ptr<GstStructure, GstUnref>;
using MessagePtr = std::unique_ptr<GstMessage, GstUnref>;
using SamplePtr = std::unique_ptr<GstSample, GstUnref>;
using ErrorPtr = std::unique_ptr<GError, GstUnref>;
template <typename T>
using ObjectPtr = std::unique_ptr<T, GstObjectUnref>;
using ClockPtr = ObjectPtr<GstClock>;
using CharPtr = std::unique_ptr<gchar, GstUnref>;

}  // namespace npu::gst
