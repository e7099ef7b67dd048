// SPDX-License-Identifier: LGPL-2.1-or-later
// All text streams of an element: one for each source pad.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "result.h"
#include "text/text_output.h"
#include "text/text_pad.h"

namespace npu::gst {

enum class TextKind { kTranscript, kTranslation };

// A source pad and everything behind it.
struct TextBranch {
  TextBranch(GstElement* element, GstPad* source, TextKind what, std::function<void()> flow_changed)
      : kind(what), pad(source, std::move(flow_changed)), output(element, source, pad.queue()) {}

  const TextKind kind;
  TextPad pad;
  TextOutput output;                 // of the worker
  std::atomic<bool> removed{false};  // what it refuses matters no more
};

// Membership and pads: any thread. mutex_ is taken before those of the queues, never after.
//
// The worker works on the members as they were at its last refresh(), so that a pad may come and go
// at any time. One that comes late gets the start of the stream and the segment first, and text
// from the engine's position on.
class TextBranches {
 public:
  TextBranches(GstElement* element, std::function<void()> flow_changed)
      : element_(element), flow_changed_(std::move(flow_changed)) {}
  TextBranches(const TextBranches&) = delete;
  TextBranches& operator=(const TextBranches&) = delete;

  // Makes a pad a member, and active if the element runs. It is not yet added to the element.
  void add(GstPad* pad, TextKind kind);
  // Ends every wait of a pad, deactivates it and lets it go. From then on nothing comes out of it.
  void remove(GstPad* pad);
  // From the activation function of a pad.
  gboolean activate(GstPad* pad, bool active);

  // What is linked to a pad has changed; see TextPad.
  void peer_changed(GstPad* pad);

  // Before the pads are activated; before they are deactivated; after.
  void start();
  void interrupt();
  void stop();

  // Flushing; see TextPad.
  void begin_flush(GstEvent* event);
  void begin_queue_flush();
  void end_queue_flush();
  gboolean end_flush(GstEvent* event);

  // What upstream should hear: OK while one pad takes text; NOT_LINKED or EOS only if all say so;
  // other failures if one does.
  GstFlowReturn flow() const;

  // ---- Worker only, or while it is parked.

  void restart(const OutputSettings& settings);
  void refresh();
  // Whether a translation is asked for.
  bool translating() const;
  // Errors: those of check_translate_pad().
  Result<void> check() const;
  // What TextOutput does, on all members. False: the outputs take nothing any more.
  bool stream_start(GstEvent* input);
  bool segment(const GstSegment& segment, guint32 seqnum);
  bool pass(EventPtr event);
  bool decided(int64_t transcript_ns, int64_t translation_ns);
  bool settle(std::optional<int64_t> next_ns);
  // No word waits any longer; the next ones begin where each text is decided to.
  bool settle_decided();
  bool lone_gap(const Stretch& where);
  bool eos(guint32 seqnum);
  void discontinuity();
  void flush();
  // After a run: forgets the members.
  void leave();
  // Language of the transcript; a translation is English.
  bool language(const std::string& tag);
  bool spoken(TextKind kind, const std::vector<SpokenSegment>& segments);

 private:
  using Members = std::vector<std::shared_ptr<TextBranch>>;

  Members members() const;
  std::shared_ptr<TextBranch> find(GstPad* pad) const;
  bool join(TextBranch& branch);
  int64_t position_ns(const TextBranch& branch) const;
  template <typename Do>
  bool each(Do&& action);

  GstElement* const element_;
  const std::function<void()> flow_changed_;

  mutable std::mutex mutex_;
  Members members_;       // guarded by mutex_
  bool running_ = false;  // guarded by mutex_

  // Of the worker: its members, and what one that joins must be told.
  Members joined_;
  OutputSettings settings_;
  std::string language_ = "und";
  bool stream_started_ = false;
  EventPtr stream_start_;  // of the audio; null if it sent none
  std::optional<GstSegment> segment_;
  guint32 segment_seqnum_ = 0;
  int64_t transcript_ns_ = 0;   // decided
  int64_t translation_ns_ = 0;  // the same
  std::optional<guint32> eos_seqnum_;
};

}  // namespace npu::gst
