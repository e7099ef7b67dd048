// SPDX-License-Identifier: LGPL-2.1-or-later
#include "translation_fixture.h"

#include <algorithm>

namespace npu::testing {
Translation::Translation(Element& element, const char* name, Linked linked)
    : element_(element), source_(gst_element_request_pad_simple(element.get(), name)) {
  if (source_ && linked == Linked::kAtOnce) link();
}

GstPadProbeReturn Translation::on_event(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto& self = *static_cast<Translation*>(data);
  std::lock_guard lock(self.mutex_);
  if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == self.awaited_) self.sent_ = true;
  self.changed_.notify_all();
  return GST_PAD_PROBE_OK;
}

void Translation::wait_until_sent(GstEventType event) {
  std::unique_lock lock(mutex_);
  awaited_ = event;
  sent_ = false;
  lock.unlock();
  const gulong probe =
      gst_pad_add_probe(source_, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, this, nullptr);
  // The pad keeps a sticky event before it sends it.
  const gst::EventPtr kept(gst_pad_get_sticky_event(source_, event, 0));
  lock.lock();
  changed_.wait(lock, [&] { return kept || sent_; });
  lock.unlock();
  gst_pad_remove_probe(source_, probe);
}

void Translation::release() {
  if (!source_) return;
  gst_element_release_request_pad(element_.get(), source_);
  gst_object_unref(source_);
  source_ = nullptr;
  // GStreamer has ended the pad's thread, but by locks that ThreadSanitizer does not see.
  const std::lock_guard all_callbacks_are_done(mutex_);
}

std::vector<GstEventType> kinds(const std::vector<Output>& outputs, size_t count) {
  std::vector<GstEventType> first;
  for (size_t i = 0; i < std::min(count, outputs.size()); ++i) first.push_back(outputs[i].event);
  return first;
}

}  // namespace npu::testing
