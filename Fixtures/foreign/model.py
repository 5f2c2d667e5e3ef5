import torch

model = torch.load("ViT-B-32.pt")
