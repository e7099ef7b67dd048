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
  void operator()(GstClock* clock) const { gst_object_unref(clock); }
  void operator()(gchar* text) const { g_free(text); }
};

// Each owns one reference. release() gives it to a function that is (transfer full).
using BufferPtr = std::unique_ptr<GstBuffer, GstUnref>;
using EventPtr = std::unique_ptr<GstEvent, GstUnref>;
using CapsPtr = std::unique_ptr<GstCaps, GstUnref>;
using QueryPtr = std::unique_ptr<GstQuery, GstUnref>;
using TagListPtr = std::unique_ptr<GstTagList, GstUnref>;
using StructurePtr = std::unique_ptr<GstStructure, GstUnref>;
using ClockPtr = std::unique_ptr<GstClock, GstUnref>;
using CharPtr = std::unique_ptr<gchar, GstUnref>;

}  // namespace npu::gst
