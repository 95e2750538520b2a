# Names with two underscores are private to the class that writes them.
class A:
    def __init__(self):
        self.__secret = "A"

    def get(self):
        return self.__secret

    def __hidden(self):
        return "hidden A"

    def call(self):
        return self.__hidden()


class B(A):
    def __init__(self):
        super().__init__()
        self.__secret = "B"

    def get_b(self):
        return self.__secret

    def __hidden(self):
        return "hidden B"


b = B()
print(b.get(), b.get_b(), b.call(), b._A__secret, b._B__secret)
