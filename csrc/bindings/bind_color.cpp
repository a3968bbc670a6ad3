#include <cstdint>

#include "arrays.hpp"
#include "pyvarcolor/color.hpp"

namespace pyvarcolor {

// f(Value{}) with the dtype of a picture.
template <class F>
auto with_picture_dtype(const py::array& rgb, const char* name, F f) {
    if (rgb.dtype().equal(py::dtype::of<std::uint8_t>())) return f(std::uint8_t{});
    if (rgb.dtype().equal(py::dtype::of<std::uint16_t>())) return f(std::uint16_t{});
    if (rgb.dtype().equal(py::dtype::of<float>())) return f(float{});
    if (rgb.dtype().equal(py::dtype::of<double>())) return f(double{});
    throw py::type_error(std::string(name) + " must be uint8, uint16, float32 or float64, but is " + dtype_text(rgb));
}

void bind_color(py::module_& m) {
    m.def(
        "encode_rgb",
        [](const py::array& lightness, const py::array& chroma, py::array rgb) {
            return with_dtype(lightness, "lightness", [&](auto t) {
                using T = decltype(t);
                return with_picture_dtype(rgb, "rgb", [&](auto v) {
                    using Value = decltype(v);
                    const Size size(lightness);
                    const auto light = read<T>(lightness, "lightness", size.plane());
                    const auto ab = read<T>(chroma, "chroma", size.image(2));
                    const auto picture = write<Value>(rgb, "rgb", {size.rows, size.cols, 3});
                    py::gil_scoped_release unlocked;
                    return encode_rgb(light, ab, picture.data);
                });
            });
        },
        array("lightness"), array("chroma"), array("rgb"));
}

}  // namespace pyvarcolor
