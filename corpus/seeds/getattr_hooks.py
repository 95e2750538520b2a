# __getattr__, __setattr__ and __getattribute__ of a program.
class Proxy:
    def __init__(self, target):
        object.__setattr__(self, "target", target)
        object.__setattr__(self, "log", [])

    def __getattr__(self, name):
        self.log.append(name)
        return getattr(self.target, name)

    def __setattr__(self, name, value):
        self.log.append((name, value))
        setattr(self.target, name, value)


class Target:
    x = 1


target = Target()
proxy = Proxy(target)
proxy.y = 5
print(proxy.x, proxy.y, target.y, proxy.log)
print(getattr(proxy, "z", "default"), hasattr(target, "x"), hasattr(target, "q"))
