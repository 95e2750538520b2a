# Descriptors: properties with setters, data and non-data descriptors, slots.
class Positive:
    def __init__(self, name):
        self.name = "_" + name

    def __get__(self, instance, owner):
        if instance is None:
            return self
        return instance.__dict__[self.name]

    def __set__(self, instance, value):
        if value <= 0:
            raise ValueError(f"{value} is not positive")
        instance.__dict__[self.name] = value


class Box:
    width = Positive("width")

    def __init__(self, width):
        self.width = width

    @property
    def area(self):
        return self.width * self.width

    @area.setter
    def area(self, value):
        side = 1
        while side * side < value:
            side += 1
        self.width = side


box = Box(3)
box.area = 50
print(box.width, box.area)
try:
    box.width = -1
except ValueError as error:
    print(error)


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


point = Point(1, 2)
point.x += 10
print(point.x, point.y)
try:
    point.z = 1
except AttributeError:
    print("no z")
