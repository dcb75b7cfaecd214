"""SoVITS' loss terms (VITS eq. 3-4, HiFi-GAN eq. 1-3), unweighted. A judgement is (scores, feature maps)."""

import torch


def kl(flowed, posterior_log_deviation, prior_mean, prior_log_deviation, mask):
    """Per frame of the mask."""
    terms = prior_log_deviation - posterior_log_deviation - 0.5
    terms = terms + 0.5 * (flowed - prior_mean) ** 2 * torch.exp(-2 * prior_log_deviation)
    return (terms * mask).sum() / mask.sum()


def discriminator(real, generated):
    """Least squares: real scores to 1, generated ones to 0."""
    return sum(torch.mean((1 - r[0]) ** 2) + torch.mean(g[0] ** 2) for r, g in zip(real, generated))


def adversarial(generated):
    """Least squares: generated scores to 1."""
    return sum(torch.mean((1 - g[0]) ** 2) for g in generated)


def feature_matching(real, generated):
    """Twice the mean distances of all feature maps, the real ones detached."""
    return 2 * sum(
        torch.mean(torch.abs(a.detach() - b)) for r, g in zip(real, generated) for a, b in zip(r[1], g[1]))
