// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/prepare.h"

#include <signal.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <set>
#include <system_error>

#include "model/model.h"
#include "model/model_fingerprint.h"
#include "models/files.h"
#include "models/speech.h"
#include "prepare/calibration.h"
#include "quantised/network_file.h"

namespace npu::models {
namespace {

constexpr size_t kRate = 16000;
constexpr size_t kLeastSamples = kRate / 10;

CancelSource& interrupted() {
  static CancelSource source;
  return source;
}

void note(int /*signal*/) {
  interrupted().cancel();
}

// The first signal is noted, a second one ends the process.
CancelToken watch_interrupts() {
  struct sigaction action {};
  CancelToken token = interrupted().token();  // made before a signal can come
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  return token;
}

size_t samples_of(const std::vector<Recording>& recordings) {
  size_t sum = 0;
  for (const Recording& recording : recordings) sum += recording.samples.size();
  return sum;
}

// Whisper finds words in digital silence as well.
bool is_silent(const std::vector<Recording>& recordings) {
  constexpr float kLeastPeak = 1e-3F;
  for (const Recording& recording : recordings)
    for (const float sample : recording.samples)
      if (std::abs(sample) > kLeastPeak) return false;
  return true;
}

bool has_text(const std::string& heard) {
  return heard.find_first_not_of(" \n") != std::string::npos;
}

Error no_speech() {
  return {ErrorCode::kUnsupported,
          "no speech was heard: expected recordings of some minutes in which people speak"};
}

// Whether anything was said in any of them.
Result<bool> listen(prepare::Calibration& calibration, const std::vector<Recording>& recordings,
                    const std::string& label, const CancelToken& cancel, Progress& progress) {
  progress.begin_speech(label, samples_of(recordings) / kRate);
  size_t before = 0;
  bool heard = false;
  for (const Recording& recording : recordings) {
    const auto update = [&](size_t samples) { progress.update((before + samples) / kRate); };
    NPU_TRY_ASSIGN(const std::string said,
                   calibration.listen(recording.samples, recording.language, cancel, update));
    heard = heard || has_text(said);
    before += recording.samples.size();
  }
  progress.end();
  return heard;
}

Result<void> report(const std::string& model, const std::filesystem::path& file,
                    const std::vector<Recording>& recordings) {
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(file, error);
  if (error) return Error{ErrorCode::kIo, text(file.string(), ": ", error.message())};
  std::set<std::string> languages;
  for (const Recording& recording : recordings)
    if (!recording.language.empty()) languages.insert(recording.language);
  const std::string in =
      languages.empty()
          ? ""
          : text(" in ", languages.size(), languages.size() == 1 ? " language" : " languages");
  std::printf("%s: prepared in %s (%s), from %s of speech%s\n", model.c_str(), file.c_str(),
              size_text(bytes).c_str(), clock_text(samples_of(recordings) / kRate).c_str(),
              in.c_str());
  return {};
}

Result<void> prepare_with(const PrepareRequest& request, const CancelToken& cancel,
                          Progress& progress) {
  NPU_TRY_ASSIGN(const std::string path, resolve_model(request.model));
  NPU_TRY_ASSIGN(const WeightIdentity identity, weight_identity(path));
  const std::filesystem::path file = quantised::prepared_file(identity);
  if (file.empty())
    return Error{ErrorCode::kIo,
                 "no folder for prepared models: expected HOME, XDG_DATA_HOME or "
                 "NPUWHISPER_PREPARED to be set"};
  NPU_TRY_ASSIGN(const std::vector<SpeechFile> files,
                 request.speech.empty() ? bundled_speech(calibration_folder())
                                        : given_speech(request.speech, request.language));
  NPU_TRY_ASSIGN(const std::vector<Recording> recordings, read_speech(files, cancel));
  if (samples_of(recordings) < kLeastSamples || is_silent(recordings)) return no_speech();
  NPU_TRY_ASSIGN(const auto calibration,
                 prepare::Calibration::create(path, request.threads, cancel));
  NPU_TRY_ASSIGN(const bool heard,
                 listen(*calibration, recordings, request.model + ": hearing", cancel, progress));
  if (!heard) return no_speech();
  progress.begin_work(request.model + ": quantising");
  NPU_TRY_ASSIGN(const quantised::Network network, calibration->quantise({}, cancel));
  NPU_TRY(check_interrupt(cancel, {}, "prepare"));
  NPU_TRY(quantised::write_network(file, identity, network));
  progress.end();
  return report(request.model, file, recordings);
}

}  // namespace

Result<void> prepare(const PrepareRequest& request, Progress& progress) {
  const CancelToken cancel = watch_interrupts();
  const auto done = prepare_with(request, cancel, progress);
  progress.end();
  if (done) return {};
  const Error& error = done.error();
  if (cancel.cancelled())
    return Error{ErrorCode::kCancelled,
                 text("interrupted; nothing was prepared of ", request.model)};
  return Error{error.code, text("cannot prepare ", request.model, ": ", error.message)};
}

}  // namespace npu::models
