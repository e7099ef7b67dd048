// SPDX-License-Identifier: LGPL-2.1-or-later
// Membership, and the worker's decisions for all members.
#include "text/text_branches.h"

#include <algorithm>
#include <utility>

#include "debug.h"
#include "translate_pad.h"

namespace npu::gst {
namespace {

// One member is told about no more than this before the next one is: a muxer behind both waits for
// the later, and a full queue of the earlier would keep the worker from it.
constexpr int64_t kTogether_ns = 30'000'000'000;

}  // namespace

void TextBranches::add(GstPad* pad, TextKind kind) {
  auto branch = std::make_shared<TextBranch>(element_, pad, kind, flow_changed_);
  bool active = false;
  {
    std::lock_guard lock(mutex_);
    active = running_;
    if (active) branch->pad.start();
    members_.push_back(std::move(branch));
  }
  if (active) gst_pad_set_active(pad, TRUE);
}

void TextBranches::remove(GstPad* pad) {
  const std::shared_ptr<TextBranch> branch = find(pad);
  if (!branch) return;
  branch->removed = true;
  branch->pad.queue().stop();
  gst_pad_set_active(pad, FALSE);
  std::lock_guard lock(mutex_);
  std::erase(members_, branch);
}

std::shared_ptr<TextBranch> TextBranches::find(GstPad* pad) const {
  for (const auto& branch : members())
    if (branch->pad.get() == pad) return branch;
  return nullptr;
}

gboolean TextBranches::activate(GstPad* pad, bool active) {
  const std::shared_ptr<TextBranch> branch = find(pad);
  return branch && branch->pad.activate(active);
}

void TextBranches::peer_changed(GstPad* pad) {
  if (const std::shared_ptr<TextBranch> branch = find(pad)) branch->pad.peer_changed();
}

TextBranches::Members TextBranches::members() const {
  std::lock_guard lock(mutex_);
  return members_;
}

void TextBranches::start() {
  // One that was added while the last run ended may be active, with nothing behind it.
  for (const auto& branch : members()) gst_pad_set_active(branch->pad.get(), FALSE);
  std::lock_guard lock(mutex_);
  running_ = true;
  for (const auto& branch : members_) branch->pad.start();
}

void TextBranches::interrupt() {
  std::lock_guard lock(mutex_);
  running_ = false;
  for (const auto& branch : members_) branch->pad.queue().stop();
}

void TextBranches::stop() {
  for (const auto& branch : members()) branch->pad.activate(false);
}

void TextBranches::begin_flush(GstEvent* event) {
  for (const auto& branch : members()) branch->pad.begin_flush(event);
}

void TextBranches::begin_queue_flush() {
  for (const auto& branch : members()) branch->pad.queue().begin_flush();
}

void TextBranches::end_queue_flush() {
  for (const auto& branch : members()) branch->pad.end_queue_flush();
}

gboolean TextBranches::end_flush(GstEvent* event) {
  gboolean forwarded = FALSE;
  for (const auto& branch : members()) forwarded |= branch->pad.end_flush(event);
  return forwarded;
}

GstFlowReturn TextBranches::flow() const {
  bool all_ended = true;
  bool all_idle = true;
  for (const auto& branch : members()) {
    const GstFlowReturn flow = branch->pad.flow();
    if (flow < GST_FLOW_EOS) return flow;
    all_ended = all_ended && flow == GST_FLOW_EOS;
    all_idle = all_idle && flow != GST_FLOW_OK;
  }
  if (!all_idle) return GST_FLOW_OK;
  return all_ended ? GST_FLOW_EOS : GST_FLOW_NOT_LINKED;
}

void TextBranches::restart(const OutputSettings& settings) {
  settings_ = settings;
  joined_ = members();
  for (const auto& branch : joined_) branch->output.restart(settings);
  language_ = "und";
  stream_started_ = false;
  stream_start_.reset();
  segment_.reset();
  eos_seqnum_.reset();
  transcript_ns_ = translation_ns_ = 0;
}

void TextBranches::refresh() {
  Members now = members();
  if (now == joined_) return;
  std::erase_if(now, [this](const auto& branch) {
    const bool known = std::find(joined_.begin(), joined_.end(), branch) != joined_.end();
    return !known && !join(*branch);
  });
  joined_ = std::move(now);
}

// False: a flush, a stop or the pad's release came in between. The next refresh() tries again, so
// that nobody is told the middle of a stream without its beginning.
bool TextBranches::join(TextBranch& branch) {
  if (branch.removed) return false;
  TextOutput& output = branch.output;
  output.restart(settings_);
  const std::string language = branch.kind == TextKind::kTranslation ? "en" : language_;
  return output.language(language) &&
         (!stream_started_ || output.stream_start(stream_start_.get())) &&
         (!segment_ || output.segment(*segment_, segment_seqnum_, position_ns(branch))) &&
         (!eos_seqnum_ || output.eos(*eos_seqnum_));
}

bool TextBranches::translating() const {
  return std::any_of(joined_.begin(), joined_.end(),
                     [](const auto& branch) { return branch->kind == TextKind::kTranslation; });
}

Result<void> TextBranches::check() const {
  for (const auto& branch : joined_)
    if (branch->kind == TextKind::kTranslation) NPU_TRY(check_translate_pad(branch->pad.get()));
  return {};
}

template <typename Do>
bool TextBranches::each(Do&& action) {
  bool open = true;
  for (const auto& branch : joined_)
    if (!branch->removed && !action(*branch) && !branch->removed) open = false;
  return open;
}

bool TextBranches::stream_start(GstEvent* input) {
  stream_started_ = true;
  stream_start_.reset(input ? gst_event_ref(input) : nullptr);
  segment_.reset();
  eos_seqnum_.reset();
  return each([&](TextBranch& branch) { return branch.output.stream_start(input); });
}

bool TextBranches::segment(const GstSegment& segment, guint32 seqnum) {
  segment_ = segment;
  segment_seqnum_ = seqnum;
  transcript_ns_ = translation_ns_ = static_cast<int64_t>(segment.start);
  eos_seqnum_.reset();
  return each([&](TextBranch& branch) {
    return branch.output.segment(segment, seqnum, position_ns(branch));
  });
}

bool TextBranches::pass(EventPtr event) {
  return each(
      [&](TextBranch& branch) { return branch.output.pass(EventPtr(gst_event_ref(event.get()))); });
}

bool TextBranches::decided(int64_t transcript_ns, int64_t translation_ns) {
  const auto toward = [](int64_t& at_ns, int64_t until_ns) {
    at_ns = std::max(at_ns, std::min(until_ns, at_ns + kTogether_ns));
    return at_ns >= until_ns;
  };
  for (bool there = false; !there;) {
    const bool transcript = toward(transcript_ns_, transcript_ns);
    const bool translation = toward(translation_ns_, translation_ns);
    there = transcript && translation;
    if (!each([&](TextBranch& branch) { return branch.output.decided(position_ns(branch)); }))
      return false;
  }
  return true;
}

int64_t TextBranches::position_ns(const TextBranch& branch) const {
  return branch.kind == TextKind::kTranslation ? translation_ns_ : transcript_ns_;
}

bool TextBranches::settle(std::optional<int64_t> next_ns) {
  return each([&](TextBranch& branch) { return branch.output.settle(next_ns); });
}

bool TextBranches::settle_decided() {
  return each([&](TextBranch& branch) { return branch.output.settle(position_ns(branch)); });
}

bool TextBranches::lone_gap(const Stretch& where) {
  return each([&](TextBranch& branch) { return branch.output.lone_gap(where); });
}

bool TextBranches::eos(guint32 seqnum) {
  eos_seqnum_ = seqnum;
  return each([&](TextBranch& branch) { return branch.output.eos(seqnum); });
}

void TextBranches::discontinuity() {
  for (const auto& branch : joined_) branch->output.discontinuity();
}

void TextBranches::flush() {
  segment_.reset();
  eos_seqnum_.reset();
  transcript_ns_ = translation_ns_ = 0;
  for (const auto& branch : joined_) branch->output.flush();
}

void TextBranches::leave() {
  flush();
  joined_.clear();
}

bool TextBranches::language(const std::string& tag) {
  language_ = tag;
  return each([&](TextBranch& branch) {
    return branch.output.language(branch.kind == TextKind::kTranslation ? "en" : tag);
  });
}

bool TextBranches::spoken(TextKind kind, const std::vector<SpokenSegment>& segments) {
  return each([&](TextBranch& branch) {
    if (branch.kind != kind) return true;
    return std::all_of(segments.begin(), segments.end(),
                       [&](const SpokenSegment& segment) { return branch.output.spoken(segment); });
  });
}

}  // namespace npu::gst
