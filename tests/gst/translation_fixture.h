// SPDX-License-Identifier: LGPL-2.1-or-later
// A request pad translate_src_%u under test.
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "element_fixture.h"
#include "receiver.h"

namespace npu::testing {

// A translation pad of an element, and a receiver for it.
class Translation {
 public:
  enum class Linked { kAtOnce, kLater };

  explicit Translation(Element& element, const char* name = "translate_src_%u",
                       Linked linked = Linked::kAtOnce);
  Translation(Element& element, Linked linked) : Translation(element, "translate_src_%u", linked) {}
  ~Translation() { release(); }
  Translation(const Translation&) = delete;
  Translation& operator=(const Translation&) = delete;

  void link() { receiver_.link(source_); }
  // Waits until a sticky event has left the pad, linked or not.
  void wait_until_sent(GstEventType event);
  // Before the destructor does.
  void release();

  GstPad* source() const { return source_; }
  Receiver* operator->() { return &receiver_; }

 private:
  static GstPadProbeReturn on_event(GstPad*, GstPadProbeInfo* info, gpointer self);

  Element& element_;
  Receiver receiver_;
  GstPad* source_;

  std::mutex mutex_;
  std::condition_variable changed_;
  GstEventType awaited_ = GST_EVENT_UNKNOWN;  // guarded by mutex_
  bool sent_ = false;                         // guarded by mutex_
};

// The first `count` kinds of what came.
std::vector<GstEventType> kinds(const std::vector<Output>& outputs, size_t count);

// What every stream of text begins with.
inline const std::vector<GstEventType> kBeginning = {GST_EVENT_STREAM_START, GST_EVENT_CAPS,
                                                     GST_EVENT_SEGMENT, GST_EVENT_TAG};

}  // namespace npu::testing
