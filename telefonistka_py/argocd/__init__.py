"""What a pull request will change in the clusters that Argo CD keeps: compared object by object, and told in words."""
