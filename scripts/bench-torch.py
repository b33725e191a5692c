"""One SGD step (or inference) of the benchmark's networks in PyTorch, channels last: prints the benchmark's JSON.

python scripts/bench-torch.py resnet8|resnet20 BATCH THREADS step|forward   (0 threads: PyTorch's own choice)
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, x):
        branch = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(branch)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        stages, channels = [], 16
        for stage, filters in enumerate((16, 32, 64)):
            for block in range((depth - 2) // 6):
                stages.append(Block(channels, filters, 2 if stage > 0 and block == 0 else 1))
                channels = filters
        self.stages = nn.Sequential(*stages)
        self.logits = nn.Linear(64, 10)

    def forward(self, x):
        x = self.stages(functional.relu(self.bn(self.stem(x))))
        return self.logits(x.mean((2, 3)))


def main():
    depths = {"resnet8": 8, "resnet20": 20}
    if sys.argv[1] not in depths:
        sys.exit(f"PyTorch is given ResNets alone, not {sys.argv[1]}.")
    depth = depths[sys.argv[1]]
    batch, threads, what = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    if threads > 0:
        torch.set_num_threads(threads)
    torch.manual_seed(1)
    network = ResNet(depth).to(memory_format=torch.channels_last)
    images = torch.randn(batch, 3, 32, 32).to(memory_format=torch.channels_last)
    labels = torch.arange(batch) % 10
    optimiser = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9, weight_decay=5e-4)

    def step():
        if what == "forward":
            with torch.no_grad():
                return network(images).flatten()[0]
        optimiser.zero_grad()
        loss = functional.cross_entropy(network(images), labels)
        loss.backward()
        optimiser.step()
        return loss

    if what == "forward":
        network.eval()
    for _ in range(2):
        step().item()
    times = []
    began = time.perf_counter()
    while len(times) < 5 or (len(times) < 60 and time.perf_counter() - began < 6):
        start = time.perf_counter()
        step().item()
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    print(
        json.dumps(
            {
                "median": times[len(times) // 2],
                "fastest": times[0],
                "slowest": times[-1],
                "repeats": len(times),
                "device": f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads",
            }
        )
    )


main()
