// The only place that knows OpenMP: rows in parallel, sums in row order, and the wavefront of a fused iteration.
#pragma once

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "pyvarcolor/image.hpp"

namespace pyvarcolor {

// Threads that kernels called from this thread may use.
inline int& thread_limit() {
    static thread_local int limit = 1;
    return limit;
}

inline int available_threads() {
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

// Threads worth starting for an image of this size.
template <class T>
int threads_for(const Image<T>& image) {
    constexpr Index pixels_each = 8192;
    return static_cast<int>(std::clamp<Index>(image.rows * image.cols / pixels_each, 1, thread_limit()));
}

// f(i) for every row of an image; the order is free, so f must write to row i alone.
template <class T, class F>
void parallel_rows(const Image<T>& image, F f) {
    const Index rows = image.rows;
    [[maybe_unused]] const int threads = threads_for(image);
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
#endif
    for (Index i = 0; i < rows; ++i) f(i);
}

// Sum of f(i) over rows, added in row order: the same bits for any number of threads.
template <class Sum, class T, class F>
Sum parallel_sum(const Image<T>& image, F f) {
    std::vector<Sum> partial(static_cast<std::size_t>(image.rows));
    parallel_rows(image, [&](Index i) { partial[static_cast<std::size_t>(i)] = f(i); });
    Sum total{};
    for (const Sum& part : partial) total += part;
    return total;
}

// Waits until another thread has counted up to `value`; gives way when there are more threads than cores.
inline void wait_for(const std::atomic<Index>& counter, Index value) {
    for (int spins = 0; counter.load(std::memory_order_acquire) < value; ++spins) {
        if (spins > 1000) std::this_thread::yield();
    }
}

// Runs n iterations of a row-by-row scheme in few passes over memory, several iterations deep.
//
// One iteration is a sequence of `steps` row steps, step i touching only rows near i, such that step i of the next
// iteration may run once step i + lag of this one is done. `depth` iterations then follow each other down the image,
// `lag` rows apart, while the rows between them are still in cache. Threads take consecutive iterations, not rows, each
// waiting for the one before it: whatever their number, every row step sees the same operands.
//
//   make_level()      scratch of one iteration in flight
//   step(level, i)    row step i
template <class T, class MakeLevel, class Step>
void wavefront(const Image<T>& image, Index n, Index steps, Index lag, MakeLevel make_level, Step step) {
    const Index depth = 8 * threads_for(image);
    const Index passes = (n + depth - 1) / depth;
    const Index levels = passes > 0 ? (n + passes - 1) / passes : 0;
    std::vector<std::atomic<Index>> finished(static_cast<std::size_t>(levels));
    for (auto& count : finished) count.store(0, std::memory_order_relaxed);

    // One worker's share: iterations [first, last) of every pass.
    const auto work = [&](Index first, Index last) {
        std::vector<decltype(make_level())> own;
        for (Index level = first; level < last; ++level) own.push_back(make_level());
        const Index before = (first + levels - 1) % levels;  // the iteration that this worker follows
        for (Index pass = 0; pass < passes; ++pass) {
            const Index before_done = (first > 0 ? pass : pass - 1) * steps;
            for (Index s = 0; s < steps + lag * (last - first - 1); ++s) {
                if (s < steps) wait_for(finished[static_cast<std::size_t>(before)], before_done + std::min(s + lag + 1, steps));
                for (Index level = first; level < last; ++level) {
                    const Index i = s - lag * (level - first);
                    if (i < 0 || i >= steps) continue;
                    if (pass * levels + level < n) step(own[static_cast<std::size_t>(level - first)], i);
                    finished[static_cast<std::size_t>(level)].store(pass * steps + i + 1, std::memory_order_release);
                }
            }
        }
    };

    [[maybe_unused]] const int workers = static_cast<int>(std::min<Index>(threads_for(image), levels));
#ifdef _OPENMP
#pragma omp parallel num_threads(workers) if (workers > 1)
    {
        const Index team = omp_get_num_threads(), me = omp_get_thread_num();
        work(me * levels / team, (me + 1) * levels / team);
    }
#else
    work(0, levels);
#endif
}

}  // namespace pyvarcolor
