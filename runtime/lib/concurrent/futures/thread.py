"""concurrent.futures.thread."""

from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
