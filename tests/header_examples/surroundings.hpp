// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// What the examples of the headers take as given, layer by layer.
#pragma once

#include <chrono>
#include <coroutine>
#include <filesystem>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;

struct Coroutine {
  struct promise_type {
    Coroutine get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

template <class... Values>
void use(const Values&...) {}

#if defined(COHORT_EXAMPLES_OF_SUBPROCESS)
#include <cohort/subprocess.hpp>
using namespace cohort::subprocess;
extern std::filesystem::path directory, dir;
extern std::vector<std::string> words, files;
extern std::string pattern, file;
#elif defined(COHORT_EXAMPLES_OF_SHLEX)
#include <cohort/shlex.hpp>
extern std::string file_name;
#elif defined(COHORT_EXAMPLES_OF_BASE)
#include <cohort/cohort.hpp>
#include <cohort/connection.hpp>
#include <cohort/queue.hpp>
#include <cohort/wait.hpp>
using cohort::Deadline;
extern cohort::Queue<int> queue;
extern std::stop_token token;
extern cohort::Process process;
struct Child {
  cohort::ExitStatus status();
};
extern Child child;
template <class... Values>
void log(const Values&...) {}
#else
#include <array>
#include <cohort/cohort.hpp>
#include <iostream>
#include <mutex>
#include <ranges>
#include <shared_mutex>
using namespace cohort::literals;
#if defined(COHORT_EXAMPLES_OF_WIRE)
using namespace cohort;
struct Celsius {
  explicit Celsius(double value);
  double degrees() const;
};
struct Job;
extern std::span<const std::byte> bytes;
extern cohort::Pool pool;
extern std::vector<std::string> files;
int parse(std::string file);
#elif defined(COHORT_EXAMPLES_OF_SYNC)
extern cohort::RawValue<int> ready;
void worker(cohort::Event ready);
#elif defined(COHORT_EXAMPLES_OF_SHARED)
extern cohort::Value<double> value;
struct Matrix {
  double cells[4];
};
void render(cohort::SharedMemory frame);
#elif defined(COHORT_EXAMPLES_OF_QUEUE) || defined(COHORT_EXAMPLES_OF_CONNECTION) || defined(COHORT_EXAMPLES_OF_WAIT)
struct Job {
  int number;
};
extern std::vector<Job> jobs;
extern cohort::Connection connection;
extern cohort::Queue<int> queue;
extern cohort::Event event;
extern cohort::Process process;
extern int some_descriptor;
void child(cohort::Connection connection);
void work(const Job& job);
void render(std::span<float> items);
template <class Items>
void show(const Items& items) {}
#elif defined(COHORT_EXAMPLES_OF_POOL)
int square(int x);
void load_model(std::string file);
#elif defined(COHORT_EXAMPLES_OF_PROCESS)
void work(int n);
extern std::filesystem::path path;
#endif
#endif
