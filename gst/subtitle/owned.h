// SPDX-License-Identifier: LGPL-2.1-or-later
// Owners of what GStreamer and GLib hand out.
#pragma once

#include <gst/gst.h>

#include <memory>

namespace npu::subtitle {

template <auto kRelease>
struct Release {
  template <typename T>
  void operator()(T* resource) const {
    kRelease(resource);
  }
};

inline void unref_message(GstMessage* message) {
  gst_message_unref(message);
}
inline void unref_sample(GstSample* sample) {
  gst_sample_unref(sample);
}
inline void unref_event(GstEvent* event) {
  gst_event_unref(event);
}
inline void unref_caps(GstCaps* caps) {
  gst_caps_unref(caps);
}

template <typename T>
using OwnedObject = std::unique_ptr<T, Release<gst_object_unref>>;
using OwnedChars = std::unique_ptr<char, Release<g_free>>;
using OwnedError = std::unique_ptr<GError, Release<g_error_free>>;
using OwnedMessage = std::unique_ptr<GstMessage, Release<unref_message>>;
using OwnedSample = std::unique_ptr<GstSample, Release<unref_sample>>;
using OwnedEvent = std::unique_ptr<GstEvent, Release<unref_event>>;
using OwnedCaps = std::unique_ptr<GstCaps, Release<unref_caps>>;
using OwnedStructure = std::unique_ptr<GstStructure, Release<gst_structure_free>>;

}  // namespace npu::subtitle
