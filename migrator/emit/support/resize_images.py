"""Image sizes."""

import tensorflow as tf


def resize_images(images, size, method="bilinear", align_corners=False):
    """Resizes images as `tf.image.resize_images` did, which samples at pixel corners; `tf.image.resize` at half pixels.

    Args:
        images: One image or a batch of them, channels last.
        size: The new height and width.
        method: A `tf.image.ResizeMethod`, or the number that it was in TensorFlow 1.
        align_corners: Whether the corner pixels keep their places.

    Returns:
        Images of float32; of their own type where they are chosen ("nearest"), or have the size already.
    """
    methods = {
        "bilinear": tf.raw_ops.ResizeBilinear,
        "nearest": tf.raw_ops.ResizeNearestNeighbor,
        "bicubic": tf.raw_ops.ResizeBicubic,
        "area": tf.raw_ops.ResizeArea,
    }
    resize = methods[list(methods)[method] if isinstance(method, int) else method]
    images, size = tf.convert_to_tensor(images), tf.convert_to_tensor(size, tf.int32)
    if images.shape.rank == 3:
        return resize_images(images[tf.newaxis], size, method, align_corners)[0]
    wanted = tf.get_static_value(size)
    if wanted is not None and images.shape[1:3].as_list() == list(wanted):
        return images
    resized = resize(images=images, size=size, align_corners=align_corners)
    if wanted is not None:
        resized.set_shape([images.shape[0], *wanted, images.shape[3]])
    return resized
